// SPDX-License-Identifier: MIT
// Changing the user, the group and the supplementary groups of a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_SPAWN_IDS_HPP
#define PIDFD_UTIL_LIB_SPAWN_SPAWN_IDS_HPP

#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

// Each returns 0 or an errno: ERFKILL if a sandbox refused it, ENOSYS if a sandbox answered success
// and nothing changed.

/// Sets the real, effective and saved id.
[[nodiscard]] int set_uid(uid_t id) noexcept;
[[nodiscard]] int set_gid(gid_t id) noexcept;
[[nodiscard]] int set_groups(array_view<gid_t> groups) noexcept;

} // namespace pidfd_util

#endif
