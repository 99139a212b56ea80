// SPDX-License-Identifier: MIT
// Text in three columns.
#ifndef PIDFD_INSPECT_COLUMNS_HPP
#define PIDFD_INSPECT_COLUMNS_HPP

#include <string>
#include <vector>

/// Aligns three columns. The last one has no fixed width.
class columns {
public:
    /// How a row is coloured.
    enum class style { heading, value, absence };

    explicit columns(bool colour) : colour_(colour) {}

    void add(std::string a, std::string b, std::string c, style s = style::value) {
        rows_.push_back({{std::move(a), std::move(b), std::move(c)}, s});
    }

    [[nodiscard]] std::string text() const;

private:
    struct row {
        std::string cells[3];
        style is;
    };

    bool colour_;
    std::vector<row> rows_;
};

#endif
