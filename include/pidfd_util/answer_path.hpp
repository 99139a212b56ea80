// SPDX-License-Identifier: MIT
// The paths by which an operation can get its answer from the kernel.
#ifndef PIDFD_UTIL_ANSWER_PATH_HPP
#define PIDFD_UTIL_ANSWER_PATH_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// The path by which an operation got its answer from the kernel.
enum class answer_path : unsigned char {
    none,        ///< no path has answered
    syscall,     ///< the system call of this operation, which is its only path
    ioctl,       ///< an ioctl on the pidfd
    inode,       ///< the pidfd's own inode number, on pidfs
    fdinfo,      ///< /proc/thread-self/fdinfo
    procfs,      ///< files of /proc/PID, verified with fdinfo
    file_handle, ///< a file handle of pidfs
};

namespace names {

inline constexpr row<answer_path> answer_paths[] = {
    {answer_path::none, "none"},
    {answer_path::syscall, "syscall"},
    {answer_path::ioctl, "ioctl"},
    {answer_path::inode, "inode"},
    {answer_path::fdinfo, "fdinfo"},
    {answer_path::procfs, "procfs"},
    {answer_path::file_handle, "file_handle"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(answer_path p) noexcept {
    return names::name_of(names::answer_paths, p);
}

} // namespace pidfd_util

#endif
