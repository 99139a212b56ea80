// SPDX-License-Identifier: MIT
// The links in /proc/PID that lead to a file without naming it: exe, cwd and root.
#ifndef PIDFD_UTIL_LIB_PATHS_MAGIC_LINK_HPP
#define PIDFD_UTIL_LIB_PATHS_MAGIC_LINK_HPP

#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::magic_link {

/// Opens what the link /proc/PID/PATH leads to, with O_PATH. Following such a link always crosses a
/// mount, so no flag of openat2 can refuse only what is mounted over the link. Instead, the
/// function checks that nothing is mounted over the link, and that no mount of the caller's mount
/// namespace changes until the link has been followed. EOPNOTSUPP: something is mounted over it.
/// EAGAIN: mounts change again and again. ENOENT: the link is there, and leads nowhere. The caller
/// checks the process afterwards.
[[nodiscard]] int open(const procfs::process& process, const char* path,
                       unique_fd& target) noexcept;

} // namespace pidfd_util::magic_link

#endif
