// SPDX-License-Identifier: MIT
// The members of a process group, as /proc shows them.
#ifndef PIDFD_UTIL_LIB_PATHS_PROCESS_GROUP_HPP
#define PIDFD_UTIL_LIB_PATHS_PROCESS_GROUP_HPP

namespace pidfd_util::process_group {

/// Finds out whether a process of the group that `leader` leads runs, besides the leader itself.
/// Zombies do not run. ESRCH: the leader was reaped, so that its number, and that of the group, is not
/// known. Processes that /proc hides from the caller (hidepid=) are not seen.
[[nodiscard]] int has_running_member(int leader, bool& running) noexcept;

} // namespace pidfd_util::process_group

#endif
