// SPDX-License-Identifier: MIT
// Points in time, in the form of RFC 3339 and in UTC.
#ifndef TOOL_PARTS_UTC_TIME_HPP
#define TOOL_PARTS_UTC_TIME_HPP

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Returns a time to a second, such as "2026-11-24T09:30:00Z".
std::string utc_time(std::chrono::system_clock::time_point time);

/// Parses what `utc_time` returns, or @SECONDS since 1970. Empty if the text is neither.
std::optional<std::chrono::system_clock::time_point> parse_utc_time(std::string_view text);

#endif
