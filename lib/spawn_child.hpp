// SPDX-License-Identifier: MIT
// What a spawned child does until it runs its program.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_HPP

#include "sys.hpp"

#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

/// Why the child did not run its program: an errno, and the step that failed.
struct spawn_outcome {
    int error;
    spawn_step step;
};

/// What the child is to do. It runs on the parent's memory, or on a copy of that; in either case it
/// writes to nothing but the outcome, its own stack and errno, and calls nothing of libc that keeps
/// state.
struct spawn_plan {
    const char* file;
    const char* const* argv;
    const char* const* environment;
    const char* search; // the directories, separated by colons; null: no search
    spawn_options options;
    sys::signal_set old_mask; // of the parent, which has all signals blocked meanwhile
    pid_t parent;
    int parent_fd;   // a pidfd of the parent, or a negated errno
    const int* made; // the child's pidfd, where the kernel wrote it before the child runs; or null

    spawn_outcome* outcome; // memory that the parent sees, whether the child has a copy or not
};

/// The exit status of a child that did not run its program: the errno's low byte.
constexpr int exit_status_of(int error) noexcept {
    return error & 0xff;
}

/// The child's main function; its argument is the plan. Returns only if a step failed, with the exit
/// status.
int run_spawn_plan(void* argument) noexcept;

} // namespace pidfd_util

#endif
