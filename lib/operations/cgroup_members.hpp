// SPDX-License-Identifier: MIT
// What the operations on the members of a cgroup share.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_CGROUP_MEMBERS_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_CGROUP_MEMBERS_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstdint>
#include <sys/types.h>

namespace pidfd_util::cgroup_members {

/// Opens the process that has this number now, if it is in the cgroup `dir`, which has this id. ESRCH:
/// it is not, or there is no such process.
[[nodiscard]] int open(int dir, std::uint64_t id, pid_t number, unique_fd& member) noexcept;

} // namespace pidfd_util::cgroup_members

#endif
