// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <cstdio>

namespace {

struct character {
    std::string_view bytes;
    char32_t code; // not_utf8 if the byte does not start a character
};

constexpr char32_t not_utf8 = 0xffffffff;

/// Removes the first character from `rest`, which must not be empty, and returns it.
character take(std::string_view& rest) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const unsigned char first = byte(0);
    const std::size_t size = first < 0x80             ? 1
                             : (first & 0xe0) == 0xc0 ? 2
                             : (first & 0xf0) == 0xe0 ? 3
                             : (first & 0xf8) == 0xf0 ? 4
                                                      : 0;
    char32_t code = size <= 1 ? first : first & (0x7fU >> size);
    bool good = size != 0 && size <= rest.size();
    for (std::size_t i = 1; good && i < size; ++i) {
        good = (byte(i) & 0xc0) == 0x80;
        code = code << 6 | (byte(i) & 0x3fU);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    good = good && code >= smallest[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    const character c{rest.substr(0, good ? size : 1), good ? code : not_utf8};
    rest.remove_prefix(c.bytes.size());
    return c;
}

/// Returns whether this is a control character, or one that reorders or hides the text around it.
bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

bool is_plain_in_shell(char32_t c) {
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') ||
           std::string_view("%+,-./:=@_").find(static_cast<char>(c)) != std::string_view::npos;
}

template <class... T>
void append(std::string& text, const char* format, T... values) {
    char formatted[16];
    std::snprintf(formatted, sizeof formatted, format, values...);
    text += formatted;
}

} // namespace

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty())
        if (take(bytes).code == not_utf8)
            return false;
    return true;
}

std::string shell_word(std::string_view bytes) {
    bool plain = !bytes.empty();
    bool escapes = false;
    for (std::string_view rest = bytes; !rest.empty();) {
        const char32_t c = take(rest).code;
        plain = plain && is_plain_in_shell(c);
        escapes = escapes || c == not_utf8 || is_control(c) || c == '\'';
    }
    if (!escapes) {
        const std::string word(bytes);
        return plain ? word : "'" + word + "'";
    }
    std::string word = "$'";
    while (!bytes.empty()) {
        const character c = take(bytes);
        if (c.code == not_utf8 || is_control(c.code)) {
            for (const char byte : c.bytes)
                append(word, "\\x%02x", static_cast<unsigned char>(byte));
        } else {
            if (c.code == '\\' || c.code == '\'')
                word += '\\';
            word += c.bytes;
        }
    }
    return word + "'";
}

std::string json_string(std::string_view bytes) {
    std::string text = "\"";
    while (!bytes.empty()) {
        const character c = take(bytes);
        if (c.code == not_utf8)
            text += "\xef\xbf\xbd"; // U+FFFD
        else if (c.code == '"' || c.code == '\\')
            (text += '\\') += c.bytes;
        else if (is_control(c.code))
            append(text, "\\u%04x", static_cast<unsigned>(c.code));
        else
            text += c.bytes;
    }
    return text + '"';
}

std::string hex(std::string_view bytes) {
    std::string digits;
    for (const char byte : bytes)
        append(digits, "%02x", static_cast<unsigned char>(byte));
    return digits;
}
