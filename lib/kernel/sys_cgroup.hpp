// SPDX-License-Identifier: MIT
// The system calls that only cgroups need. The rules of sys.hpp apply.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_CGROUP_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_CGROUP_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>

namespace pidfd_util::sys {

/// Opens the directory of a path that the caller has given, with O_PATH. EPERM and EACCES are the
/// kernel's own, here and below.
[[nodiscard]] int open_directory(const char* path, unique_fd& dir) noexcept;
/// openat of an entry of a cgroup. ENODEV: the cgroup is being removed.
[[nodiscard]] int open_in_cgroup(int dir, const char* name, int flags, unique_fd& file) noexcept;
/// The same, without crossing a mount, and without magic links: openat2, Linux 5.6.
[[nodiscard]] int openat2_in_cgroup(int dir, const char* name, int flags, unique_fd& file) noexcept;

/// Reads a file of a cgroup from its start. ENODEV: the cgroup was removed. EOPNOTSUPP: a threaded
/// cgroup does not have what the file shows. EBADMSG: the file is empty.
[[nodiscard]] int read_control(int fd, char* buffer, std::size_t size,
                               std::size_t& length) noexcept;
/// The same, from the current offset; the file may be empty, unless a filter answers "error 0".
[[nodiscard]] int read_next_control(int fd, char* buffer, std::size_t size,
                                    std::size_t& length) noexcept;
/// Writes a whole text to a file of a cgroup. ENODEV, ENOENT: the cgroup was removed.
[[nodiscard]] int write_control(int fd, const char* text, std::size_t size) noexcept;

/// mkdirat.
[[nodiscard]] int make_directory(int dir, const char* name) noexcept;
/// unlinkat of a directory.
[[nodiscard]] int remove_directory(int dir, const char* name) noexcept;

} // namespace pidfd_util::sys

#endif
