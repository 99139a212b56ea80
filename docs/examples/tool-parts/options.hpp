// SPDX-License-Identifier: MIT
// What the tools say about options that getopt_long(3) refuses.
#ifndef TOOL_PARTS_OPTIONS_HPP
#define TOOL_PARTS_OPTIONS_HPP

#include <string>
#include <string_view>

/// Returns what is wrong after getopt_long has returned '?', or ':' for an option without its value.
/// `letters` has the short options. Every other option must have a value above that of each character.
std::string explain_option(int found, char* const* argv, std::string_view letters);

#endif
