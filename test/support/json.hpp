// SPDX-License-Identifier: MIT
// A strict reader of JSON (RFC 8259), for judging what a tool prints.
#ifndef PIDFD_UTIL_TEST_JSON_HPP
#define PIDFD_UTIL_TEST_JSON_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

struct json {
    enum kind { null, boolean, number, string, array, object } is = null;
    std::string text; // of a number or a boolean as it was written, of a string as it is meant
    std::vector<json> items;
    std::vector<std::pair<std::string, json>> members;

    /// The member of that name; a null that is nowhere if there is none.
    const json& operator[](std::string_view name) const;
    bool has(std::string_view name) const;
};

/// Empty if it is not JSON, to the letter; and for what JSON frowns upon: bytes that are no UTF-8,
/// half a surrogate pair, two members of one name.
std::optional<json> parse_json(std::string_view text);

/// Whether it is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

} // namespace support

#endif
