// SPDX-License-Identifier: MIT
// The id of a boot of a machine, and its text form.
#ifndef PIDFD_UTIL_BOOT_ID_HPP
#define PIDFD_UTIL_BOOT_ID_HPP

#include <pidfd_util/detail/fixed_text.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error> // std::hash

namespace pidfd_util {

/// The id of a boot of a machine: the 128 random bits of /proc/sys/kernel/random/boot_id. See
/// random(4).
struct boot_id {
    std::uint8_t bytes[16]; ///< the bits, in the order of the text

    /// Returns whether all bits are equal.
    [[nodiscard]] friend constexpr bool operator==(const boot_id& a, const boot_id& b) noexcept {
        return compare(a, b) == 0;
    }
    /// Returns whether any of them differ.
    [[nodiscard]] friend constexpr bool operator!=(const boot_id& a, const boot_id& b) noexcept {
        return compare(a, b) != 0;
    }
    /// Orders boot ids by their bits. The order says nothing about which boot was first.
    [[nodiscard]] friend constexpr bool operator<(const boot_id& a, const boot_id& b) noexcept {
        return compare(a, b) < 0;
    }

private:
    static constexpr int compare(const boot_id& a, const boot_id& b) noexcept {
        for (std::size_t i = 0; i < sizeof a.bytes; ++i)
            if (a.bytes[i] != b.bytes[i])
                return a.bytes[i] < b.bytes[i] ? -1 : 1;
        return 0;
    }
};

/// Returns 32 hexadecimal digits, in lower case and without dashes, as systemd writes boot ids.
[[nodiscard]] constexpr fixed_text<32> to_text(const boot_id& boot) noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    fixed_text<32> text;
    for (const std::uint8_t byte : boot.bytes) {
        text.append(digits[byte >> 4]);
        text.append(digits[byte & 15]);
    }
    return text;
}

/// Parses 32 hexadecimal digits in lower or upper case, with the dashes of a UUID or without dashes.
/// Returns an empty optional for any other text, and if all digits are 0.
[[nodiscard]] constexpr std::optional<boot_id> parse_boot_id(std::string_view text) noexcept {
    const bool dashes = text.size() == 36;
    if (!dashes && text.size() != 32)
        return std::nullopt;
    boot_id boot{};
    std::size_t count = 0; // of digits
    bool zero = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (c != '-')
                return std::nullopt;
            continue;
        }
        int digit = 0;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if (c >= 'a' && c <= 'f')
            digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F')
            digit = c - 'A' + 10;
        else
            return std::nullopt;
        std::uint8_t& byte = boot.bytes[count++ / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | digit);
        zero = zero && digit == 0;
    }
    if (zero)
        return std::nullopt;
    return boot;
}

} // namespace pidfd_util

template <>
struct std::hash<pidfd_util::boot_id> {
    /// Returns the hash.
    std::size_t operator()(const pidfd_util::boot_id& boot) const noexcept {
        std::uint64_t value = 0;
        for (const std::uint8_t byte : boot.bytes)
            value = (value << 5 ^ value >> 59) ^ byte;
        return std::hash<std::uint64_t>()(value);
    }
};

#endif
