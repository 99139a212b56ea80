// SPDX-License-Identifier: MIT
// The text of /proc/PID/stat.
#ifndef PIDFD_UTIL_LIB_PATHS_PROCESS_STAT_HPP
#define PIDFD_UTIL_LIB_PATHS_PROCESS_STAT_HPP

#include "procfs.hpp"

#include <cstdint>
#include <string_view>

namespace pidfd_util::process_stat {

/// The fields that the library uses. Times are in clock ticks.
struct record {
    char state;
    pid_t parent; // 0: outside of the pid namespace of the /proc, or there is none
    pid_t group;
    pid_t session;
    bool has_terminal;   // a controlling terminal
    std::uint64_t flags; // PF_*
    std::uint64_t minor_faults;
    std::uint64_t major_faults;
    std::uint64_t user_time;
    std::uint64_t system_time;
    std::uint64_t threads;
    std::uint64_t start; // from boot, on the clock of the reader's time namespace
};

/// PF_EXITING, PF_FORKNOEXEC and PF_KTHREAD, of `flags`.
inline constexpr std::uint64_t exiting = 4;
inline constexpr std::uint64_t has_not_executed = 0x40;
inline constexpr std::uint64_t kernel_thread = 0x200000;

/// Returns whether this is the state of a thread that has ended.
[[nodiscard]] constexpr bool is_end(char state) noexcept {
    return state == 'Z' || state == 'X' || state == 'x';
}

/// Returns whether this is the state of a thread that a signal or a tracer has stopped.
[[nodiscard]] constexpr bool is_stop(char state) noexcept {
    return state == 'T' || state == 't';
}

/// Returns false if the text is malformed, or cut before the end of the last field of `record`.
[[nodiscard]] bool parse(std::string_view text, record& result) noexcept;

/// Reads the file in one system call. The caller settles the process. EBADMSG: malformed.
[[nodiscard]] int read(const procfs::process& process, record& result) noexcept;

/// Reads the file of one thread of the process.
[[nodiscard]] int read_thread(const procfs::process& process, pid_t tid, record& result) noexcept;

/// Reads the file of whichever process has this number now; unverified.
[[nodiscard]] int read_unverified(int root, pid_t number, record& result) noexcept;

/// Finds out whether the process's first thread has one of these flags. With `exiting`: whether it has
/// begun to exit, which it can do before the others.
[[nodiscard]] int has_flag(const procfs::process& process, std::uint64_t flags, bool& has) noexcept;

/// Returns the length of a clock tick.
[[nodiscard]] std::int64_t nanoseconds_per_tick() noexcept;

} // namespace pidfd_util::process_stat

#endif
