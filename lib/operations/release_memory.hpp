// SPDX-License-Identifier: MIT
// What the calls about the memory of a process have in common.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_RELEASE_MEMORY_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_RELEASE_MEMORY_HPP

namespace pidfd_util {

/// Explains ESRCH: returns 0 if the process has no memory any more. But the kernel returns ESRCH also
/// for a pidfd of a thread other than the first one, whatever the process does: EINVAL if that thread
/// has not ended. `control` is the errno of the same call on fd -1, where the kernel returns EBADF.
[[nodiscard]] int explain_no_memory(int fd, int control) noexcept;

} // namespace pidfd_util

#endif
