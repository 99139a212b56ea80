// SPDX-License-Identifier: MIT
// Opening the entries of a directory tree that others may have mounted over.
#ifndef PIDFD_UTIL_LIB_BENEATH_HPP
#define PIDFD_UTIL_LIB_BENEATH_HPP

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::beneath {

/// Opens `path` below the directory `root`, on the mount that `root` itself lies on. Returns 0 or
/// the errno of openat(2); EXDEV if something is mounted over an entry on the way. `path` is
/// relative, has no "..", and follows at most one symbolic link, which is not the last component.
///
/// Linux 5.6 checks this itself (openat2, RESOLVE_NO_XDEV). Where that call is missing or refused,
/// every component is opened by itself, and the id of its mount is compared: from statx since Linux
/// 5.8, before that from fdinfo of the calling thread, which the same attacker could replace.
int open(int root, const char* path, int flags, unique_fd& file) noexcept;

} // namespace pidfd_util::beneath

#endif
