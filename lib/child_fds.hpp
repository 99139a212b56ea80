// SPDX-License-Identifier: MIT
// The file descriptors of a spawned child.
#ifndef PIDFD_UTIL_LIB_CHILD_FDS_HPP
#define PIDFD_UTIL_LIB_CHILD_FDS_HPP

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

/// In the child: 0, or a negated errno.
long arrange_child_fds(const spawn_options& options) noexcept;

} // namespace pidfd_util

#endif
