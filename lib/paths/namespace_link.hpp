// SPDX-License-Identifier: MIT
// The links in /proc/PID/ns, which lead to namespaces.
#ifndef PIDFD_UTIL_LIB_PATHS_NAMESPACE_LINK_HPP
#define PIDFD_UTIL_LIB_PATHS_NAMESPACE_LINK_HPP

#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstdint>

namespace pidfd_util::namespace_link {

/// Opens the namespace that the link /proc/PID/PATH leads to. Following such a link always crosses
/// a mount, so no flag of openat2 can refuse only what is mounted over the link. Instead, the
/// opened namespace is compared with the text of the link. EOPNOTSUPP if something is mounted over
/// it.
[[nodiscard]] int open(const procfs::process& process, const char* path, unique_fd& ns) noexcept;

/// Returns 0 if the link /proc/PID/PATH leads to a namespace. ENOENT: it no longer does, or the
/// kernel was built without this type.
[[nodiscard]] int look(const procfs::process& process, const char* path) noexcept;

/// Reads the inode number of the namespace that a link of the calling thread leads to, such as
/// "thread-self/ns/pid". ENOENT: the kernel has no such type.
[[nodiscard]] int read_own(int root, const char* path, std::uint64_t& inode) noexcept;

} // namespace pidfd_util::namespace_link

#endif
