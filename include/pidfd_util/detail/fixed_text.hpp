// SPDX-License-Identifier: MIT
// Texts of bounded length, which need no heap: writing and parsing numbers, at compile time too.
#ifndef PIDFD_UTIL_DETAIL_FIXED_TEXT_HPP
#define PIDFD_UTIL_DETAIL_FIXED_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pidfd_util {

/// A text of at most `capacity` characters, which ends with a null character. It converts to
/// `std::string_view`, but a temporary does not, because the view would dangle: give the text a name,
/// or make a string of it, as in `std::string(to_text(id))`.
template <std::size_t capacity>
class fixed_text {
public:
    /// Makes an empty text.
    constexpr fixed_text() noexcept = default;

    /// Returns the text as a string of C, which lasts as long as the text.
    [[nodiscard]] constexpr const char* c_str() const& noexcept { return chars_; }
    /// The string of a temporary would dangle.
    constexpr const char* c_str() const&& = delete;
    /// Returns the number of characters, without the null character.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    /// Returns a view of the text, which lasts as long as the text.
    // cppcheck-suppress noExplicitConstructor
    [[nodiscard]] constexpr operator std::string_view() const& noexcept { return {chars_, size_}; }
    /// A view of a temporary would dangle.
    constexpr operator std::string_view() const&& = delete;

    /// Returns whether the texts are equal.
    [[nodiscard]] friend constexpr bool operator==(const fixed_text& a,
                                                   const fixed_text& b) noexcept {
        return std::string_view(a) == std::string_view(b);
    }
    /// Returns whether the texts differ.
    [[nodiscard]] friend constexpr bool operator!=(const fixed_text& a,
                                                   const fixed_text& b) noexcept {
        return !(a == b);
    }
    /// Compares with another text. A temporary can be compared, too.
    [[nodiscard]] friend constexpr bool operator==(const fixed_text& a,
                                                   std::string_view b) noexcept {
        return std::string_view(a) == b;
    }
    /// Compares with another text.
    [[nodiscard]] friend constexpr bool operator!=(const fixed_text& a,
                                                   std::string_view b) noexcept {
        return !(a == b);
    }
    /// Compares with another text.
    [[nodiscard]] friend constexpr bool operator==(std::string_view a,
                                                   const fixed_text& b) noexcept {
        return b == a;
    }
    /// Compares with another text.
    [[nodiscard]] friend constexpr bool operator!=(std::string_view a,
                                                   const fixed_text& b) noexcept {
        return !(b == a);
    }

    /// Appends a character. What does not fit is dropped.
    constexpr void append(char c) noexcept {
        if (size_ < capacity)
            chars_[size_++] = c;
    }
    /// Appends a text. What does not fit is dropped.
    constexpr void append(std::string_view text) noexcept {
        for (const char c : text)
            append(c);
    }
    /// Appends a number in decimal.
    constexpr void append(std::uint64_t number) noexcept {
        char digits[20]{};
        std::size_t count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        while (count != 0)
            append(digits[--count]);
    }

private:
    char chars_[capacity + 1]{};
    std::size_t size_ = 0;
};

namespace texts {

/// Parses a decimal number that fills the text: no sign, no blanks, no leading zeros, at most `most`.
[[nodiscard]] constexpr bool parse_decimal(std::string_view text, std::uint64_t most,
                                           std::uint64_t& number) noexcept {
    if (text.empty() || (text[0] == '0' && text.size() != 1))
        return false;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return false;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (value > (most - digit) / 10 || digit > most)
            return false;
        value = 10 * value + digit;
    }
    number = value;
    return true;
}

/// Splits the text at the first `separator`: returns what is before it, and leaves in `text` what is
/// after it. If there is none, returns the whole text, and leaves a view without data.
[[nodiscard]] constexpr std::string_view split(std::string_view& text, char separator) noexcept {
    std::size_t at = 0; // GCC 12 cannot call `find` at compile time if the text is a temporary
    while (at < text.size() && text[at] != separator)
        ++at;
    const std::string_view head = text.substr(0, at);
    text = at == text.size() ? std::string_view{} : text.substr(at + 1);
    return head;
}

/// Removes `prefix` from the start of the text. Returns false if the text starts otherwise.
[[nodiscard]] constexpr bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
    if (text.substr(0, prefix.size()) != prefix)
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

} // namespace texts
} // namespace pidfd_util

#endif
