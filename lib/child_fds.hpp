// SPDX-License-Identifier: MIT
// The file descriptors of a spawned child.
#ifndef PIDFD_UTIL_LIB_CHILD_FDS_HPP
#define PIDFD_UTIL_LIB_CHILD_FDS_HPP

#include "path_fds.hpp"

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

// In the child: 0, or a negated errno.

/// Makes the mappings. `own` is a file descriptor of the library's that the child still needs, or
/// below 0: it gets another number if a mapping takes its number.
long map_child_fds(const spawn_options& options, int& own) noexcept;

/// Closes everything but 0, 1, 2 and the targets of the mappings. Those of `until_exec` stay open
/// until the program runs: the path to it leads through them.
long close_child_fds(const spawn_options& options, const path_fds& until_exec) noexcept;

} // namespace pidfd_util

#endif
