// SPDX-License-Identifier: MIT
// The result of `get_info`.
#ifndef PIDFD_UTIL_PROCESS_INFO_HPP
#define PIDFD_UTIL_PROCESS_INFO_HPP

#include <pidfd_util/credentials.hpp>

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace pidfd_util {

/// The result of `get_info`. Pids are in the caller's pid namespace. An optional is empty if the
/// value is not available; it never holds a substitute.
struct process_info {
    pid_t pid;  ///< the process's id; for a pidfd of a thread, the thread's id
    pid_t tgid; ///< the process's id, also for a pidfd of a thread
    /// The parent's pid; empty if there is no visible parent: see `pidfd_errc::no_visible_parent`.
    std::optional<pid_t> ppid;
    /// The user and group ids; empty if the kernel has not reported them.
    std::optional<credentials> creds;
    /// The id of the process's cgroup in the cgroup2 hierarchy; empty if there is none.
    std::optional<std::uint64_t> cgroupid;
};

} // namespace pidfd_util

#endif
