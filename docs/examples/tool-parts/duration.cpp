// SPDX-License-Identifier: MIT
#include "duration.hpp"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const std::string copy(text);
    char* unit = nullptr;
    const double number = std::strtod(copy.c_str(), &unit);
    const std::string_view suffix = unit;
    // strtod also accepts spaces, signs, "inf" and hexadecimal numbers.
    if (suffix.size() == copy.size() ||
        copy.find_first_not_of("0123456789.") < copy.size() - suffix.size())
        return std::nullopt;
    double seconds = 0;
    if (suffix == "ms")
        seconds = number / 1000;
    else if (suffix.empty() || suffix == "s")
        seconds = number;
    else if (suffix == "m")
        seconds = number * 60;
    else if (suffix == "h")
        seconds = number * 60 * 60;
    else if (suffix == "d")
        seconds = number * 60 * 60 * 24;
    else
        return std::nullopt;
    constexpr double a_century = 100.0 * 365 * 24 * 60 * 60;
    if (!(seconds <= a_century))
        seconds = a_century;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(seconds * 1e9)));
}
