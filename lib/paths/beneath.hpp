// SPDX-License-Identifier: MIT
// Opening entries of a directory tree over which others may have mounted something.
#ifndef PIDFD_UTIL_LIB_PATHS_BENEATH_HPP
#define PIDFD_UTIL_LIB_PATHS_BENEATH_HPP

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::beneath {

/// Opens `path` below the directory `root`, on the mount of `root` itself. Returns 0 or an errno of
/// openat(2); EXDEV if something is mounted over an entry on the way. `path` is relative, has no
/// "..", and leads through at most one symbolic link, which is not its last component.
///
/// Since Linux 5.6 the kernel checks this itself (openat2, RESOLVE_NO_XDEV). Where that call is
/// missing or refused, each component is opened separately and the id of its mount is compared. The
/// id comes from statx since Linux 5.8; before, from fdinfo of the calling thread, which an
/// attacker could mount over as well.
[[nodiscard]] int open(int root, const char* path, int flags, unique_fd& file) noexcept;

} // namespace pidfd_util::beneath

#endif
