// SPDX-License-Identifier: MIT
// The name of a process in the forms that other programs use.
#ifndef PIDFD_UTIL_PROCESS_REFERENCE_HPP
#define PIDFD_UTIL_PROCESS_REFERENCE_HPP

#include <pidfd_util/boot_id.hpp>
#include <pidfd_util/detail/fixed_text.hpp>
#include <pidfd_util/process_id.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace pidfd_util {

/// The id of a process together with its pid, as other programs write it. systemd writes three
/// values: `pid` as "pid", `id.inode` as "pidfdId", and `to_text(id.boot)` as "bootId". The tools of
/// util-linux write a text: see `to_util_linux_text`.
struct process_reference {
    pid_t pid;     ///< the pid, in the namespace of the program that wrote it
    process_id id; ///< the id

    /// Returns whether the pids and the ids are equal.
    [[nodiscard]] friend constexpr bool operator==(const process_reference& a,
                                                   const process_reference& b) noexcept {
        return a.pid == b.pid && a.id == b.id;
    }
    /// Returns whether any of them differ.
    [[nodiscard]] friend constexpr bool operator!=(const process_reference& a,
                                                   const process_reference& b) noexcept {
        return !(a == b);
    }
};

/// Returns the text `PID:INODE`, which the tools of util-linux accept. It does not contain the boot
/// id. If the pid is 0 or negative, which no process has, returns an empty text.
[[nodiscard]] constexpr fixed_text<31> to_util_linux_text(const process_reference& r) noexcept {
    fixed_text<31> text;
    if (r.pid <= 0)
        return text;
    text.append(static_cast<std::uint64_t>(r.pid));
    text.append(':');
    text.append(r.id.inode);
    return text;
}

/// Parses the text `PID:INODE`, which was written in the boot `boot`. Returns an empty optional for
/// any other text, also for a pid alone, which util-linux accepts too.
[[nodiscard]] constexpr std::optional<process_reference>
parse_util_linux_text(std::string_view text, const boot_id& boot) noexcept {
    std::uint64_t pid = 0;
    std::uint64_t inode = 0;
    const std::string_view number = texts::split(text, ':');
    if (!texts::parse_decimal(number, (std::numeric_limits<pid_t>::max)(), pid) || pid == 0 ||
        !texts::parse_decimal(text, (std::numeric_limits<std::uint64_t>::max)(), inode) ||
        inode == 0)
        return std::nullopt;
    return process_reference{static_cast<pid_t>(pid), {inode, boot}};
}

} // namespace pidfd_util

#endif
