// SPDX-License-Identifier: MIT
// What a spawned child does until it runs its program.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_HPP

#include "sys.hpp"

#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

/// What parent and child share. The child runs on memory that is the parent's: it writes to nothing
/// but this and its own stack, and calls nothing of libc that keeps state.
struct spawn_plan {
    const char* file;
    const char* const* argv;
    const char* const* environment;
    const char* search; // the directories, separated by colons; null: no search
    spawn_options options;
    sys::signal_set old_mask; // of the parent, which has all signals blocked meanwhile
    pid_t parent;
    int pidfd; // set by the kernel before the child runs

    // The outcome, as long as the child did not run its program.
    int error;
    spawn_step step;
};

/// The child's main function; its argument is the plan. Returns only if a step failed.
int run_spawn_plan(void* argument) noexcept;

} // namespace pidfd_util

#endif
