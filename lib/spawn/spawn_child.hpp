// SPDX-License-Identifier: MIT
// What a spawned child does until it runs its program.
#ifndef PIDFD_UTIL_LIB_SPAWN_SPAWN_CHILD_HPP
#define PIDFD_UTIL_LIB_SPAWN_SPAWN_CHILD_HPP

namespace pidfd_util {

/// The child's main function; its argument is the plan. Returns only if a step failed: then it
/// returns the exit status.
[[nodiscard, gnu::cold]] int run_spawn_plan(void* argument) noexcept;

} // namespace pidfd_util

#endif
