// SPDX-License-Identifier: MIT
// What the rooms of the library answer each other: 0, an errno that is the answer, or that there is
// none on this path. And what the errno with which a system call was refused means.
#ifndef PIDFD_UTIL_LIB_ANSWER_HPP
#define PIDFD_UTIL_LIB_ANSWER_HPP

#include <cerrno>

namespace pidfd_util {

/// The path is there, but cannot tell of this one process.
inline constexpr int ask_another = -1;

/// Whether this is an answer, and not that the path has none: it is not there, it is forbidden by
/// a sandbox, or another one must be asked.
constexpr bool is_answer(int error) noexcept {
    return error != EOPNOTSUPP && error != ERFKILL && error != ask_another;
}

/// For a call that the kernel itself never forbids: ERFKILL where a sandbox forbids it; every other
/// errno as it is.
constexpr int sandboxed(int error) noexcept {
    return error == EPERM || error == EACCES ? ERFKILL : error;
}

/// The same, and EOPNOTSUPP where the kernel does not have the call.
constexpr int refusal(int error) noexcept {
    return error == ENOSYS || error == ENOTTY ? EOPNOTSUPP : sandboxed(error);
}

/// For a call that the kernel may forbid: `error`, or ERFKILL if a sandbox said it and not the
/// kernel. `on_no_fd` makes the same call on fd -1, where the kernel says EBADF whatever the rights.
template <class CallOnNoFd>
int who_forbids(int error, CallOnNoFd on_no_fd) noexcept {
    if (error != EPERM && error != EACCES)
        return error;
    return sandboxed(-on_no_fd()) == ERFKILL ? ERFKILL : error;
}

} // namespace pidfd_util

#endif
