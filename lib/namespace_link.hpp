// SPDX-License-Identifier: MIT
// The links of /proc/PID/ns, which lead to namespaces.
#ifndef PIDFD_UTIL_LIB_NAMESPACE_LINK_HPP
#define PIDFD_UTIL_LIB_NAMESPACE_LINK_HPP

#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::namespace_link {

/// Opens the namespace that the link /proc/PID/PATH leads to. Following such a link crosses a mount
/// by itself, so that no flag of openat2 can refuse what is mounted over it: what was opened is
/// compared with the link's own text. EOPNOTSUPP if something is mounted over the link.
int open(const procfs::process& process, const char* path, unique_fd& ns) noexcept;

/// Returns 0 if the link /proc/PID/PATH leads to a namespace; ENOENT: not any more, or the kernel was
/// built without the type.
int look(const procfs::process& process, const char* path) noexcept;

} // namespace pidfd_util::namespace_link

#endif
