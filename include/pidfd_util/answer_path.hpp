// SPDX-License-Identifier: MIT
// The ways on which the kernel can be asked about a pidfd.
#ifndef PIDFD_UTIL_ANSWER_PATH_HPP
#define PIDFD_UTIL_ANSWER_PATH_HPP

namespace pidfd_util {

/// The way on which an operation got its answer.
enum class answer_path : unsigned char {
    none,    ///< no answer was got
    syscall, ///< the system call made for it: there is no other way
    ioctl,   ///< an ioctl on the pidfd
    inode,   ///< the pidfd's own inode number, on pidfs
    fdinfo,  ///< /proc/thread-self/fdinfo
    procfs,  ///< files of /proc/PID, verified with fdinfo
};

/// The path's name, as spelt above.
[[nodiscard]] constexpr const char* to_string(answer_path p) noexcept {
    switch (p) {
    case answer_path::none:
        return "none";
    case answer_path::syscall:
        return "syscall";
    case answer_path::ioctl:
        return "ioctl";
    case answer_path::inode:
        return "inode";
    case answer_path::fdinfo:
        return "fdinfo";
    case answer_path::procfs:
        return "procfs";
    }
    return "?";
}

} // namespace pidfd_util

#endif
