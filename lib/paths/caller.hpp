// SPDX-License-Identifier: MIT
// The processes on which the calling thread depends, as /proc shows them.
#ifndef PIDFD_UTIL_LIB_PATHS_CALLER_HPP
#define PIDFD_UTIL_LIB_PATHS_CALLER_HPP

#include <sys/types.h>

namespace pidfd_util::caller {

/// Finds out whether the process is `self`, the number of the caller in this /proc, or an ancestor of
/// it. What becomes the parent of an orphan was its ancestor before.
[[nodiscard]] int descends_from(int root, pid_t process, pid_t self, bool& descends) noexcept;

/// Finds the process that traces the calling thread. `tracer` is 0 if there is none, or if this /proc
/// does not show it.
[[nodiscard]] int find_tracer(int root, pid_t& tracer) noexcept;

} // namespace pidfd_util::caller

#endif
