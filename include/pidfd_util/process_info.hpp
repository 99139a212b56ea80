// SPDX-License-Identifier: MIT
// What one query tells of a process.
#ifndef PIDFD_UTIL_PROCESS_INFO_HPP
#define PIDFD_UTIL_PROCESS_INFO_HPP

#include <pidfd_util/credentials.hpp>

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace pidfd_util {

/// What `get_info` tells. Numbers of processes are in the caller's pid namespace. An optional that
/// is empty is something that could not be told; none of them is ever filled with a stand-in.
struct process_info {
    pid_t pid;  ///< the process's id; for a pidfd of a thread, the thread's
    pid_t tgid; ///< the process's id, for a pidfd of a thread too
    /// The parent's pid; empty when no parent is visible: see `pidfd_errc::no_visible_parent`.
    std::optional<pid_t> ppid;
    /// The user and group ids; empty where the kernel did not tell them.
    std::optional<credentials> creds;
    /// The id of its cgroup in the cgroup2 hierarchy; empty where there is none.
    std::optional<std::uint64_t> cgroupid;
};

} // namespace pidfd_util

#endif
