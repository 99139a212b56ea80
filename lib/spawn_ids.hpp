// SPDX-License-Identifier: MIT
// How a spawned child changes its user, its group and its supplementary groups.
#ifndef PIDFD_UTIL_LIB_SPAWN_IDS_HPP
#define PIDFD_UTIL_LIB_SPAWN_IDS_HPP

#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

// Each returns 0 or a negated errno: ERFKILL if a sandbox refused it, ENOSYS if a sandbox answered
// success and nothing changed.

/// Sets the real, effective and saved id.
long set_uid(uid_t id) noexcept;
long set_gid(gid_t id) noexcept;
long set_groups(array_view<gid_t> groups) noexcept;

} // namespace pidfd_util

#endif
