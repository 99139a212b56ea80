// SPDX-License-Identifier: MIT
// Times on a command line.
#ifndef TOOL_PARTS_DURATION_HPP
#define TOOL_PARTS_DURATION_HPP

#include <chrono>
#include <optional>
#include <string_view>

/// Parses a decimal number with the unit ms, s, m, h or d. The default unit is seconds. Fractions of a
/// nanosecond are rounded up, so that a limit that is not 0 does not become 0. A time of more than a
/// century becomes a century. Empty if the text is no such time.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

#endif
