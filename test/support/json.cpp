// SPDX-License-Identifier: MIT
#include "json.hpp"

#include <cstdlib>

namespace support {

namespace {

void append_utf8(std::string& text, unsigned code) {
    const auto add = [&](unsigned byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xc0 | code >> 6);
        add(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        add(0xe0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3f));
        add(0x80 | (code & 0x3f));
    } else {
        add(0xf0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3f));
        add(0x80 | (code >> 6 & 0x3f));
        add(0x80 | (code & 0x3f));
    }
}

class parser {
public:
    explicit parser(std::string_view text) : rest_(text) {}

    std::optional<json> document() {
        json value;
        if (!parse(value, 0))
            return std::nullopt;
        skip_space();
        return rest_.empty() ? std::optional(value) : std::nullopt;
    }

private:
    void skip_space() {
        while (!rest_.empty() && std::string_view(" \t\n\r").find(rest_[0]) != rest_.npos)
            rest_.remove_prefix(1);
    }

    bool take(std::string_view token) {
        if (rest_.substr(0, token.size()) != token)
            return false;
        rest_.remove_prefix(token.size());
        return true;
    }

    bool parse(json& value, int depth) {
        skip_space();
        if (rest_.empty() || depth > 20)
            return false;
        switch (rest_[0]) {
        case '{':
            value.is = json::object;
            return sequence('{', '}', [&] { return member(value, depth); });
        case '[':
            value.is = json::array;
            return sequence('[', ']', [&] {
                value.items.emplace_back();
                return parse(value.items.back(), depth + 1);
            });
        case '"':
            value.is = json::string;
            return string(value.text);
        case 't':
        case 'f':
            value.is = json::boolean;
            value.text = rest_[0] == 't' ? "true" : "false";
            return take(value.text);
        case 'n':
            return take("null");
        default:
            value.is = json::number;
            return number(value.text);
        }
    }

    template <class F>
    bool sequence(char open, char close, F element) {
        take({&open, 1});
        skip_space();
        if (take({&close, 1}))
            return true;
        do {
            if (!element())
                return false;
            skip_space();
        } while (take(","));
        return take({&close, 1});
    }

    bool member(json& value, int depth) {
        skip_space();
        std::string name;
        if (!string(name) || value.has(name))
            return false;
        skip_space();
        value.members.emplace_back(name, json());
        return take(":") && parse(value.members.back().second, depth + 1);
    }

    bool digits(std::string& text) {
        const std::size_t before = text.size();
        while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9') {
            text += rest_[0];
            rest_.remove_prefix(1);
        }
        return text.size() > before;
    }

    bool number(std::string& text) {
        if (take("-"))
            text += '-';
        const std::size_t first = text.size();
        if (!digits(text) || (text[first] == '0' && text.size() > first + 1))
            return false;
        if (take(".") && !digits(text += '.'))
            return false;
        if (take("e") || take("E")) {
            text += 'e';
            if (!take("+") && take("-"))
                text += '-';
            return digits(text);
        }
        return true;
    }

    bool four_digits(unsigned& code) {
        const std::string hex(rest_.substr(0, 4));
        if (hex.size() != 4 || hex.find_first_not_of("0123456789abcdefABCDEF") != hex.npos)
            return false;
        code = static_cast<unsigned>(std::strtoul(hex.c_str(), nullptr, 16));
        rest_.remove_prefix(4);
        return true;
    }

    bool escape(std::string& text) {
        if (take("u")) {
            unsigned code = 0;
            unsigned low = 0;
            if (!four_digits(code) || (code >= 0xdc00 && code <= 0xdfff))
                return false;
            if (code >= 0xd800 && code <= 0xdbff) {
                if (!take("\\u") || !four_digits(low) || low < 0xdc00 || low > 0xdfff)
                    return false;
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            }
            append_utf8(text, code);
            return true;
        }
        constexpr std::string_view written = "\"\\/bfnrt";
        constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
        const std::size_t which = rest_.empty() ? written.npos : written.find(rest_[0]);
        if (which == written.npos)
            return false;
        text += meant[which];
        rest_.remove_prefix(1);
        return true;
    }

    bool string(std::string& text) {
        if (!take("\""))
            return false;
        while (!rest_.empty() && rest_[0] != '"') {
            if (take("\\")) {
                if (!escape(text))
                    return false;
                continue;
            }
            if (static_cast<unsigned char>(rest_[0]) < 0x20)
                return false;
            text += rest_[0];
            rest_.remove_prefix(1);
        }
        return take("\"");
    }

    std::string_view rest_;
};

} // namespace

const json& json::operator[](std::string_view name) const {
    static const json nowhere;
    for (const auto& [key, value] : members)
        if (key == name)
            return value;
    return nowhere;
}

bool json::has(std::string_view name) const {
    for (const auto& [key, value] : members)
        if (key == name)
            return true;
    return false;
}

std::optional<json> parse_json(std::string_view text) {
    if (!is_utf8(text))
        return std::nullopt;
    return parser(text).document();
}

bool is_utf8(std::string_view text) {
    // Well-formed byte sequences as the Unicode Standard lists them (table 3-7): the range of the
    // first byte, that of the second, and how many more there are.
    struct form {
        unsigned char first, last, second_first, second_last;
        std::size_t more;
    };
    constexpr form forms[] = {
        {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
        {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
        {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
    };
    const auto within = [](char c, unsigned char low, unsigned char high) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= low && byte <= high;
    };
    while (!text.empty()) {
        const form* found = nullptr;
        for (const form& f : forms)
            if (within(text[0], f.first, f.last))
                found = &f;
        if (found == nullptr || text.size() <= found->more)
            return false;
        for (std::size_t i = 1; i <= found->more; ++i)
            if (!within(text[i], i == 1 ? found->second_first : 0x80,
                        i == 1 ? found->second_last : 0xbf))
                return false;
        text.remove_prefix(1 + found->more);
    }
    return true;
}

} // namespace support
