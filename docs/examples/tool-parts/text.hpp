// SPDX-License-Identifier: MIT
// Makes untrusted bytes safe to print: a process chooses its own name and command line.
#ifndef TOOL_PARTS_TEXT_HPP
#define TOOL_PARTS_TEXT_HPP

#include <string>
#include <string_view>

/// Returns whether the bytes are valid UTF-8, without overlong forms and surrogates.
bool is_utf8(std::string_view bytes);

/// Quotes the bytes for the shell if necessary. Uses '...', or $'...' with the escapes of bash if there
/// are bytes that are not UTF-8, or characters that could control the terminal or reorder the line.
std::string shell_word(std::string_view bytes);

/// Returns a JSON string with its quotes. A byte that is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view bytes);

/// Returns two hexadecimal digits for each byte.
std::string hex(std::string_view bytes);

#endif
