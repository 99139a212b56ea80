// SPDX-License-Identifier: MIT
#include "utc_time.hpp"

#include "number.hpp"

#include <ctime>

using std::chrono::seconds;
using std::chrono::system_clock;

namespace {

constexpr char format[] = "%Y-%m-%dT%H:%M:%SZ";

/// Parses @SECONDS. The range is the one that the clock can represent.
std::optional<system_clock::time_point> parse_seconds(std::string_view text) {
    constexpr auto last = std::chrono::floor<seconds>(system_clock::duration::max());
    const auto number = parse_number<seconds::rep>(text.substr(1));
    if (!number || *number < 0 || *number > last.count())
        return std::nullopt;
    return system_clock::time_point(seconds(*number));
}

} // namespace

std::string utc_time(system_clock::time_point time) {
    const std::time_t since_1970 = system_clock::to_time_t(time);
    std::tm parts{};
    char text[64];
    if (gmtime_r(&since_1970, &parts) == nullptr)
        return std::to_string(since_1970) + " s after 1970";
    return {text, std::strftime(text, sizeof text, format, &parts)};
}

std::optional<system_clock::time_point> parse_utc_time(std::string_view text) {
    if (text.substr(0, 1) == "@")
        return parse_seconds(text);
    std::tm parts{};
    const std::string copy(text);
    const char* const end = strptime(copy.c_str(), format, &parts);
    if (end == nullptr || *end != '\0')
        return std::nullopt;
    const auto time = system_clock::from_time_t(timegm(&parts));
    // strptime also accepts spaces, one-digit numbers and the 31st of February.
    if (utc_time(time) != text)
        return std::nullopt;
    return time;
}
