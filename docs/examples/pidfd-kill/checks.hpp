// SPDX-License-Identifier: MIT
// The conditions that a process must meet before it is signalled.
#ifndef PIDFD_KILL_CHECKS_HPP
#define PIDFD_KILL_CHECKS_HPP

#include <pidfd_util/pidfd.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

struct checks {
    struct file {
        std::string path; // as it was given
        dev_t device;
        ino_t inode;
    };

    /// The file that it executes.
    std::optional<file> executable;
    /// Its effective user.
    std::optional<uid_t> user;
    /// The start of the process, to a second.
    std::optional<std::chrono::system_clock::time_point> started;
    /// The time at which its pid was noted. The process must not have started later.
    std::optional<std::chrono::system_clock::time_point> started_before;
    /// It is in this cgroup, or below. Empty: it is not checked.
    std::string cgroup;
};

/// Returns why the process is not the one that is meant. Empty if it is.
std::string find_difference(pidfd_util::pidfd_view process, const checks& wanted);

/// Returns why this process cannot be the one whose pid was noted at this time; empty if it can be.
std::string find_later_start(pidfd_util::pidfd_view process,
                             std::chrono::system_clock::time_point noted);

#endif
