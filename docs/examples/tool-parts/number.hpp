// SPDX-License-Identifier: MIT
// Numbers on a command line, and in files of the kernel.
#ifndef TOOL_PARTS_NUMBER_HPP
#define TOOL_PARTS_NUMBER_HPP

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

/// Parses a number that is the whole text. Empty if the text is no such number, or if the type cannot
/// have it.
template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number number{};
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number, base);
    if (error != std::errc() || end != last)
        return std::nullopt;
    return number;
}

#endif
