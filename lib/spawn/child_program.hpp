// SPDX-License-Identifier: MIT
// The program of a spawned child: the search for it, and its execution.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_PROGRAM_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_PROGRAM_HPP

#include "spawn_plan.hpp"

namespace pidfd_util {

// Both are called in the child.

/// Closes all file descriptors, except those that the options keep and the program's: `program`, or
/// if that is -1, those that its path leads through.
[[nodiscard, gnu::cold]] int close_all_but_program(const spawn_plan& plan, int program) noexcept;
/// Runs `program` if it is not -1, otherwise the first file of the search that can be run, as
/// execvpe does. Returns the errno; does not return if it succeeds.
[[nodiscard, gnu::cold]] int run_child_program(const spawn_plan& plan, int program) noexcept;

} // namespace pidfd_util

#endif
