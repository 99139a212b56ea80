// SPDX-License-Identifier: MIT
// The resources and the priorities of a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_ATTRIBUTES_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_ATTRIBUTES_HPP

#include <pidfd_util/array_view.hpp>
#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

// All are called in the child. Each returns 0 or an errno: ERFKILL if a sandbox refused it, ENOSYS
// if a sandbox answered success and nothing changed.

[[nodiscard, gnu::cold]] int set_limits(array_view<resource_limit> limits) noexcept;
/// Sets the nice value.
[[nodiscard, gnu::cold]] int set_priority(int priority) noexcept;
[[nodiscard, gnu::cold]] int set_scheduling(int policy, int priority) noexcept;
/// EINVAL: a CPU is not available.
[[nodiscard, gnu::cold]] int set_cpus(array_view<int> cpus) noexcept;
[[nodiscard, gnu::cold]] int set_io_priority(int priority) noexcept;
[[nodiscard, gnu::cold]] int set_umask(mode_t mask) noexcept;
/// EOPNOTSUPP: there is no /proc.
[[nodiscard, gnu::cold]] int set_oom_score_adj(int value) noexcept;

} // namespace pidfd_util

#endif
