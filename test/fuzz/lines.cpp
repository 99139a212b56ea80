// SPDX-License-Identifier: MIT
// The line reader, with a buffer of any size, and the functions that parse lines.
#include "kernel/text.hpp"

#include "input.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

using namespace pidfd_util;

namespace {

/// A decimal number, parsed by the simplest code.
bool is_number(std::string_view text, std::int64_t& value) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative)
        text.remove_prefix(1);
    // A sum that cannot overflow: a number that is out of range stays out of range.
    __int128 sum = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return false;
        sum = std::min<__int128>(sum * 10 + (c - '0'), __int128{1} << 64);
    }
    if (negative)
        sum = -sum;
    value = static_cast<std::int64_t>(sum);
    return !text.empty() && sum >= std::numeric_limits<std::int64_t>::min() &&
           sum <= std::numeric_limits<std::int64_t>::max();
}

void check_numbers(std::string_view word) {
    std::int64_t expected = 0;
    const bool good = is_number(word, expected);
    std::int64_t number = 0;
    fuzz::require(text::parse_number(word, number) == good && (!good || number == expected),
                  "a number is a number");
    pid_t pid = 0;
    const bool good_pid = good && expected == static_cast<pid_t>(expected);
    fuzz::require(text::parse_pid(word, pid) == good_pid && (!good_pid || pid == expected),
                  "a pid fits a pid_t");
    std::uint32_t id = 0;
    const bool good_id = good && expected == static_cast<std::uint32_t>(expected);
    fuzz::require(text::parse_id(word, id) == good_id && (!good_id || id == expected),
                  "an id fits 32 bits");
}

void check_words(std::string_view line) {
    std::size_t count = 0;
    bool all_pids = true;
    for (std::string_view rest = line;;) {
        const std::string_view word = text::take_word(rest);
        if (word.empty()) {
            fuzz::require(rest.empty(), "after the last word there is nothing");
            break;
        }
        fuzz::require(word.find_first_of(" \t") == word.npos, "a word has no blanks");
        check_numbers(word);
        pid_t pid = 0;
        all_pids = all_pids && text::parse_pid(word, pid);
        ++count;
    }
    text::pid_list list{};
    const bool good = count > 0 && count <= text::pid_list::capacity && all_pids;
    fuzz::require(text::parse_pids(line, list) == good && (!good || list.count == count),
                  "a list of pids is some pids, and not too many");
}

} // namespace

/// The first byte is the size of the buffer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || data[0] == 0)
        return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<char> buffer(data[0]); // of exactly this size: a sanitizer sees a step beyond
    text::line_reader reader(fuzz::file_of(text), buffer.data(), buffer.size());
    for (const std::string& expected : fuzz::lines_of(text, buffer.size())) {
        std::optional<std::string_view> line;
        fuzz::require(reader.next(line) == 0 && line == expected,
                      "every line is returned unchanged");
        check_words(*line);
    }
    std::optional<std::string_view> line;
    fuzz::require(reader.next(line) == 0 && !line, "there are no more lines");
    fuzz::require(reader.next(line) == 0 && !line, "there are no more lines the next time");
    return 0;
}
