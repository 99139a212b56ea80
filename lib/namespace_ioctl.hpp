// SPDX-License-Identifier: MIT
// The path through PIDFD_GET_*_NAMESPACE.
#ifndef PIDFD_UTIL_LIB_NAMESPACE_IOCTL_HPP
#define PIDFD_UTIL_LIB_NAMESPACE_IOCTL_HPP

#include "answer.hpp"

#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::namespace_ioctl {

/// ESRCH: the process has ended. EACCES: no right. EOPNOTSUPP: not on this kernel, or it was built
/// without the type. ERFKILL: a sandbox forbids it. `ask_another`: the first thread has exited, and
/// others live.
path_result open(int fd, namespace_type type, unique_fd& ns) noexcept;

} // namespace pidfd_util::namespace_ioctl

#endif
