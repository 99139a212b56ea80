// SPDX-License-Identifier: MIT
// Standard output.
#ifndef TOOL_PARTS_OUTPUT_HPP
#define TOOL_PARTS_OUTPUT_HPP

#include <string>
#include <string_view>

/// Writes the text at once. Returns what is wrong; empty if nothing is.
std::string write_output(std::string_view text);

/// Closes standard output: a full disk may be reported only then. Returns what is wrong; empty if
/// nothing is.
std::string close_output();

/// Writes the text, which is the whole output, and closes standard output. Returns what is wrong; empty
/// if nothing is.
std::string write_whole_output(std::string_view text);

#endif
