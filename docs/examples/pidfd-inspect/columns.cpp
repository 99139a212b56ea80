// SPDX-License-Identifier: MIT
#include "columns.hpp"

#include <algorithm>

namespace {

/// Adds the text in a colour, an argument of the escape sequence SGR. None if it is empty.
void append(std::string& line, const std::string& text, const char* colour) {
    if (*colour == '\0' || text.empty())
        line += text;
    else
        line.append("\x1b[").append(colour).append("m").append(text).append("\x1b[0m");
}

} // namespace

std::string columns::text() const {
    constexpr const char* bold = "1";
    constexpr const char* faint = "2";
    constexpr const char* yellow = "33";
    std::size_t widths[2] = {};
    for (const row& r : rows_)
        for (std::size_t i = 0; i < 2; ++i)
            widths[i] = std::max(widths[i], r.cells[i].size());
    std::string lines;
    for (const auto& [cells, is] : rows_) {
        const bool heading = is == style::heading;
        const char* const colours[3] = {heading ? bold : "", heading ? bold : faint,
                                        heading                ? bold
                                        : is == style::absence ? yellow
                                                               : ""};
        std::string line;
        for (std::size_t i = 0; i < 2; ++i) {
            append(line, cells[i], colour_ ? colours[i] : "");
            line.append(widths[i] - cells[i].size() + 2, ' ');
        }
        append(line, cells[2], colour_ ? colours[2] : "");
        line.erase(line.find_last_not_of(' ') + 1);
        lines += line + '\n';
    }
    return lines;
}
