// SPDX-License-Identifier: MIT
// The name of a process that stays valid after the process has ended, and its text form.
#ifndef PIDFD_UTIL_PROCESS_ID_HPP
#define PIDFD_UTIL_PROCESS_ID_HPP

#include <pidfd_util/boot_id.hpp>
#include <pidfd_util/detail/fixed_text.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error> // std::hash

namespace pidfd_util {

/// The name of a process or of a thread. No other process ever has the same name. The name stays
/// valid when the process has ended, and when the program that stored it is started again.
/// `pidfd_identity::get_process_id` returns it, and `pidfd::from_id` opens the process again. The
/// first thread of a process has the name of the process.
struct process_id {
    std::uint64_t inode; ///< the inode number of the process's pidfds, as `get_id` returns it
    boot_id boot;        ///< the boot that the inode number belongs to

    /// Returns whether the inode numbers and the boot ids are equal.
    [[nodiscard]] friend constexpr bool operator==(const process_id& a,
                                                   const process_id& b) noexcept {
        return a.inode == b.inode && a.boot == b.boot;
    }
    /// Returns whether any of them differ.
    [[nodiscard]] friend constexpr bool operator!=(const process_id& a,
                                                   const process_id& b) noexcept {
        return !(a == b);
    }
    /// Orders the ids of one boot in the order in which the kernel assigned them.
    [[nodiscard]] friend constexpr bool operator<(const process_id& a,
                                                  const process_id& b) noexcept {
        return a.boot != b.boot ? a.boot < b.boot : a.inode < b.inode;
    }
};

/// Returns the text `INODE@BOOT` for logs, files and messages, with the boot id as `to_text` writes
/// it, such as `4711@0123456789abcdef0123456789abcdef`. Equal ids have equal texts.
[[nodiscard]] constexpr fixed_text<53> to_text(const process_id& id) noexcept {
    const auto boot = to_text(id.boot);
    fixed_text<53> text;
    text.append(id.inode);
    text.append('@');
    text.append(boot);
    return text;
}

/// Parses what `to_text` returns. Returns an empty optional for any other text.
[[nodiscard]] constexpr std::optional<process_id> parse_process_id(std::string_view text) noexcept {
    std::uint64_t inode = 0;
    const std::string_view number = texts::split(text, '@');
    const auto boot = parse_boot_id(text);
    if (!texts::parse_decimal(number, (std::numeric_limits<std::uint64_t>::max)(), inode) ||
        inode == 0 || !boot || to_text(*boot) != text)
        return std::nullopt;
    return process_id{inode, *boot};
}

} // namespace pidfd_util

template <>
struct std::hash<pidfd_util::process_id> {
    /// Returns the hash.
    std::size_t operator()(const pidfd_util::process_id& id) const noexcept {
        return std::hash<std::uint64_t>()(id.inode) ^ std::hash<pidfd_util::boot_id>()(id.boot);
    }
};

#endif
