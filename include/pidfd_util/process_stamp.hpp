// SPDX-License-Identifier: MIT
// The name of a process where the kernel has no ids of processes.
#ifndef PIDFD_UTIL_PROCESS_STAMP_HPP
#define PIDFD_UTIL_PROCESS_STAMP_HPP

#include <pidfd_util/boot_id.hpp>
#include <pidfd_util/detail/fixed_text.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <system_error> // std::hash

namespace pidfd_util {

/// A weaker name of a process than `process_id`, for kernels before Linux 6.9: its pid, and when it
/// started. Two processes have the same stamp if
///
/// - they got the same pid, and started in the same clock tick (10 ms): the first one ended, and the
///   pid was reused within that tick. A process that may choose pids can bring this about;
/// - the second one is in a later pid namespace, which got the inode number of an earlier one.
///
/// Use a stamp only where there is no `process_id`. The two types do not convert to each other, and
/// no parser accepts the text of the other.
struct process_stamp {
    boot_id boot;                ///< the boot in which the process started
    std::uint64_t start;         ///< clock ticks from boot to the start, see sysconf(_SC_CLK_TCK)
    std::uint64_t pid_namespace; ///< inode number of the pid namespace that `pid` belongs to
    pid_t pid;                   ///< the pid in that namespace

    /// Returns whether all members are equal.
    [[nodiscard]] friend constexpr bool operator==(const process_stamp& a,
                                                   const process_stamp& b) noexcept {
        return a.pid == b.pid && a.start == b.start && a.pid_namespace == b.pid_namespace &&
               a.boot == b.boot;
    }
    /// Returns whether any of them differ.
    [[nodiscard]] friend constexpr bool operator!=(const process_stamp& a,
                                                   const process_stamp& b) noexcept {
        return !(a == b);
    }
    /// Orders the stamps of one boot by the start of the process.
    [[nodiscard]] friend constexpr bool operator<(const process_stamp& a,
                                                  const process_stamp& b) noexcept {
        if (a.boot != b.boot)
            return a.boot < b.boot;
        if (a.start != b.start)
            return a.start < b.start;
        if (a.pid_namespace != b.pid_namespace)
            return a.pid_namespace < b.pid_namespace;
        return a.pid < b.pid;
    }
};

/// Returns the text `PID:START:NAMESPACE@BOOT`, such as
/// `4711:86400:4026531836@0123456789abcdef0123456789abcdef`. If the pid is 0 or negative, which no
/// process has, returns an empty text.
[[nodiscard]] constexpr fixed_text<85> to_text(const process_stamp& stamp) noexcept {
    const auto boot = to_text(stamp.boot);
    fixed_text<85> text;
    if (stamp.pid <= 0)
        return text;
    text.append(static_cast<std::uint64_t>(stamp.pid));
    text.append(':');
    text.append(stamp.start);
    text.append(':');
    text.append(stamp.pid_namespace);
    text.append('@');
    text.append(boot);
    return text;
}

/// Parses what `to_text` returns. Returns an empty optional for any other text.
[[nodiscard]] constexpr std::optional<process_stamp>
parse_process_stamp(std::string_view text) noexcept {
    constexpr auto most = (std::numeric_limits<std::uint64_t>::max)();
    std::uint64_t pid = 0;
    process_stamp stamp{};
    std::string_view numbers = texts::split(text, '@');
    const auto boot = parse_boot_id(text);
    const std::string_view first = texts::split(numbers, ':');
    const std::string_view second = texts::split(numbers, ':');
    if (!texts::parse_decimal(first, (std::numeric_limits<pid_t>::max)(), pid) || pid == 0 ||
        !texts::parse_decimal(second, most, stamp.start) ||
        !texts::parse_decimal(numbers, most, stamp.pid_namespace) || stamp.pid_namespace == 0 ||
        !boot || to_text(*boot) != text)
        return std::nullopt;
    stamp.pid = static_cast<pid_t>(pid);
    stamp.boot = *boot;
    return stamp;
}

} // namespace pidfd_util

template <>
struct std::hash<pidfd_util::process_stamp> {
    /// Returns the hash.
    std::size_t operator()(const pidfd_util::process_stamp& stamp) const noexcept {
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
        std::uint64_t value = stamp.start;
        value = value * odd + stamp.pid_namespace;
        value = value * odd + static_cast<std::uint64_t>(stamp.pid);
        return std::hash<std::uint64_t>()(value) ^ std::hash<pidfd_util::boot_id>()(stamp.boot);
    }
};

#endif
