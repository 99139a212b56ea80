// SPDX-License-Identifier: MIT
#ifndef PIDFD_UTIL_LIB_OPERATIONS_SET_NAMESPACE_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_SET_NAMESPACE_HPP

#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util {

/// Explains EINVAL of setns(2) for a pidfd and flags that may be combined: EOPNOTSUPP if the kernel
/// takes no pidfd or was built without one of the types, otherwise EINVAL.
[[nodiscard]] int explain_invalid_setns(namespace_flags flags) noexcept;

/// Opens what setns(2) accepts instead of a pidfd for which it has returned ESRCH, which it also does if
/// only the first thread has exited: a pidfd of another thread or, before Linux 6.9 and for one flag,
/// the namespace. ESRCH: the process has ended.
[[nodiscard, gnu::cold]] int open_for_setns(int fd, namespace_flags flags,
                                            unique_fd& target) noexcept;

} // namespace pidfd_util

#endif
