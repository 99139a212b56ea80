// SPDX-License-Identifier: MIT
// What happens to a spawned child when its parent ends.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_PARENT_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_PARENT_HPP

#include "spawn_plan.hpp"

namespace pidfd_util {

/// Called in the parent. EOPNOTSUPP: the calling thread may end before the process does.
[[nodiscard, gnu::cold]] int check_lives_as_long() noexcept;

/// Called in the child: sets its parent-death signal. `parent_fd` is a pidfd of the parent, or -1.
/// ESRCH: the parent has ended.
[[nodiscard, gnu::cold]] int set_parent_death(const spawn_plan& plan, int parent_fd) noexcept;

} // namespace pidfd_util

#endif
