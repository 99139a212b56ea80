// SPDX-License-Identifier: MIT
// What a spawned child is to do, and what it reports.
#ifndef PIDFD_UTIL_LIB_SPAWN_SPAWN_PLAN_HPP
#define PIDFD_UTIL_LIB_SPAWN_SPAWN_PLAN_HPP

#include "../kernel/sys.hpp"
#include "child_fds.hpp"

#include <pidfd_util/spawn_options.hpp>

#include <csignal>
#include <sys/types.h>

namespace pidfd_util {

/// Why the child did not run its program: an errno, and the step that failed.
struct spawn_outcome {
    int error;
    spawn_step step;
    bool began; // the child ran at all
};

/// What the child is to do. It runs in the parent's memory or in a copy of it. In both cases it
/// writes only to the outcome, its own stack, the memory for it in this structure, and errno, and
/// calls no function of libc that keeps state.
struct spawn_plan {
    const char* file;
    const char* const* argv;
    const char* const* environment;
    const char* search; // directories, separated by colons; null: no search
    spawn_options options;
    mapped_fds fds;
    const char** shell_argv;  // with space for the path at index 1; null: no shell
    bool handlers_cleared;    // the child has none of the parent's signal handlers
    sys::signal_set old_mask; // of the parent, which has all signals blocked meanwhile
    pid_t parent;
    int parent_fd;       // a pidfd of the parent, or -1
    int parent_fd_error; // why there is none
    bool opened_target;  // the library opened the file descriptor for setns, not the caller
    const int* made; // the child's pidfd, where the kernel wrote it before the child runs; or null

    spawn_outcome* outcome; // in memory that the parent sees, even if the child has a copy
};

/// Returns the signal that the child gets when its parent ends; 0: none.
[[nodiscard]] constexpr int death_signal_of(const spawn_options& o) noexcept {
    return o.die_with_parent ? SIGKILL : o.parent_death_signal;
}

/// Returns the exit status of a child that did not run its program: the low byte of the errno.
[[nodiscard]] constexpr int exit_status_of(int error) noexcept {
    return error & 0xff;
}

} // namespace pidfd_util

#endif
