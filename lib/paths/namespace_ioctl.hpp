// SPDX-License-Identifier: MIT
// The path through PIDFD_GET_*_NAMESPACE.
#ifndef PIDFD_UTIL_LIB_PATHS_NAMESPACE_IOCTL_HPP
#define PIDFD_UTIL_LIB_PATHS_NAMESPACE_IOCTL_HPP

#include "namespace_kinds.hpp"
#include "path_result.hpp"

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::namespace_ioctl {

/// Opens a namespace of the process. ESRCH: the process has ended. EACCES: no permission.
/// EOPNOTSUPP: not on this kernel, or it was built without the type. ERFKILL: a sandbox forbids it.
/// `ask_another`: the first thread has exited, and others run.
path_result open(int fd, const namespace_kind& kind, unique_fd& ns) noexcept;

} // namespace pidfd_util::namespace_ioctl

#endif
