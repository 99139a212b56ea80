// SPDX-License-Identifier: MIT
// Opening /proc and its entries.
#ifndef PIDFD_UTIL_LIB_PATHS_PROC_ROOT_HPP
#define PIDFD_UTIL_LIB_PATHS_PROC_ROOT_HPP

#include <pidfd_util/unique_fd.hpp>

#include <sys/types.h>

namespace pidfd_util::proc_root {

/// Opens /proc, if it is procfs. EOPNOTSUPP: it is not there. ERFKILL: a sandbox forbids it.
[[nodiscard]] int open(unique_fd& root) noexcept;

/// Opens `path` below a /proc, as `beneath::open` does. EOPNOTSUPP if something is mounted over an
/// entry on the way: this /proc cannot be trusted.
[[nodiscard]] int open_entry(int root, const char* path, int flags, unique_fd& file) noexcept;

/// Opens /proc/PID/NAME of whichever process has this pid now; unverified.
[[nodiscard]] int open_file(int root, pid_t pid, const char* name, int flags,
                            unique_fd& file) noexcept;

/// Returns 0 if the file is on procfs, whichever instance.
[[nodiscard]] int check_procfs(int fd) noexcept;

/// Explains the errno of opening or reading an entry that every /proc has for every caller. EOPNOTSUPP:
/// it is not there, or something is mounted over it. EACCES: the caller has no right to it.
[[nodiscard]] int explain_entry(int error) noexcept;

} // namespace pidfd_util::proc_root

#endif
