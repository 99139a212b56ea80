// SPDX-License-Identifier: MIT
// The file descriptors of a spawned child.
#ifndef PIDFD_UTIL_LIB_CHILD_FDS_HPP
#define PIDFD_UTIL_LIB_CHILD_FDS_HPP

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

// In the child: 0, or a negated errno.

/// Has those closed by execve that nobody asked for. Done before another mount namespace is entered,
/// whose /proc may be anything.
long close_child_fds(const spawn_options& options) noexcept;

long map_child_fds(const spawn_options& options) noexcept;

} // namespace pidfd_util

#endif
