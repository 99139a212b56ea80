// SPDX-License-Identifier: MIT
// The path through file handles: opening a process by the inode number that its pidfds have.
#ifndef PIDFD_UTIL_LIB_PATHS_PIDFS_HANDLE_HPP
#define PIDFD_UTIL_LIB_PATHS_PIDFS_HANDLE_HPP

#include "path_result.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstdint>

namespace pidfd_util::pidfs_handle {

/// Opens the process or the thread. For a thread, the result is not yet a pidfd of a single thread.
/// ESRCH: the process was reaped, or is not in the caller's pid namespace or below it. EOPNOTSUPP,
/// ERFKILL: not on this kernel (before Linux 6.14), not in this sandbox.
[[nodiscard]] path_result open(std::uint64_t inode, unique_fd& process) noexcept;

} // namespace pidfd_util::pidfs_handle

#endif
