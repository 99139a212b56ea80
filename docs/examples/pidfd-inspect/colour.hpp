// SPDX-License-Identifier: MIT
// Whether the output has colours.
#ifndef PIDFD_INSPECT_COLOUR_HPP
#define PIDFD_INSPECT_COLOUR_HPP

#include <optional>
#include <string_view>

/// The argument of --color.
enum class colour_choice { automatic, always, never };

/// Empty if it is not auto, always or never.
std::optional<colour_choice> parse_colour_choice(std::string_view text);

/// Returns whether to colour standard output. An automatic choice asks, in this order: NO_COLOR,
/// CLICOLOR_FORCE, CLICOLOR, and whether standard output is a terminal that is not dumb.
bool use_colour(colour_choice choice);

/// Returns whether standard output is a terminal that obeys escape sequences.
bool on_capable_terminal();

#endif
