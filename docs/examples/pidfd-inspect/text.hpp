// SPDX-License-Identifier: MIT
// Bytes from elsewhere, made safe: a process chooses its own name and command line.
#ifndef PIDFD_INSPECT_TEXT_HPP
#define PIDFD_INSPECT_TEXT_HPP

#include <string>
#include <string_view>

/// Whether it is UTF-8, to the letter: no overlong forms, no surrogates.
bool is_utf8(std::string_view bytes);

/// As a shell word: plain, in '...', or in $'...' with the escapes of bash, where it has bytes that
/// are no UTF-8, or characters that could steer the terminal or reorder the line.
std::string shell_word(std::string_view bytes);

/// As a JSON string, quotes included. A byte that is no UTF-8 becomes U+FFFD.
std::string json_string(std::string_view bytes);

/// Every byte as two hexadecimal digits.
std::string hex(std::string_view bytes);

#endif
