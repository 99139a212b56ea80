// SPDX-License-Identifier: MIT
// Explaining the errno of a system call that can have more than one cause. Everything in lib/
// returns 0 or a positive errno.
#ifndef PIDFD_UTIL_LIB_KERNEL_EXPLAIN_HPP
#define PIDFD_UTIL_LIB_KERNEL_EXPLAIN_HPP

#include <cerrno>

namespace pidfd_util {

/// Returns whether the errno is an answer: whether the call or the path is neither missing nor
/// forbidden.
[[nodiscard]] constexpr bool is_answer(int error) noexcept {
    return error != EOPNOTSUPP && error != ERFKILL;
}

/// Explains the errno of a call that the kernel never denies: EPERM and EACCES come from a seccomp
/// filter or a security module, and become ERFKILL.
[[nodiscard]] constexpr int explain_denial(int error) noexcept {
    return error == EPERM || error == EACCES ? ERFKILL : error;
}

/// Explains the errno of a call that the kernel may deny: EPERM and EACCES become ERFKILL if a
/// seccomp filter returned them. `on_no_fd` makes the same call on fd -1, where the kernel returns
/// EBADF whatever the caller's rights are, and returns its errno.
template <class CallOnNoFd>
[[nodiscard]] int explain_denial(int error, CallOnNoFd on_no_fd) noexcept {
    if (error != EPERM && error != EACCES)
        return error;
    return explain_denial(on_no_fd()) == ERFKILL ? ERFKILL : error;
}

/// Explains the errno of a call that the kernel never denies and may not have: EOPNOTSUPP where it
/// is missing, ERFKILL where it is forbidden.
[[nodiscard]] constexpr int explain_refusal(int error) noexcept {
    return error == ENOSYS || error == ENOTTY ? EOPNOTSUPP : explain_denial(error);
}

/// Explains the success of a call whose effect cannot be checked: returns 0, or ENOSYS if a seccomp
/// filter answered "error 0". `on_no_fd` makes the same call on fd -1, which the kernel never lets
/// succeed, and returns its errno.
template <class CallOnNoFd>
[[nodiscard]] int explain_success(CallOnNoFd on_no_fd) noexcept {
    return on_no_fd() == 0 ? ENOSYS : 0;
}

/// Explains an errno that the kernel never returns from the call: returns EIO, so that its meaning
/// for other calls is not taken for an answer. ENOMEM and EAGAIN can come from every call.
[[nodiscard]] constexpr int explain_unexpected(int error) noexcept {
    return error == ENOMEM || error == EAGAIN ? error : EIO;
}

/// Explains the errno of a call on a file descriptor that the library itself opened: EBADF about it
/// says nothing about the caller's handle.
[[nodiscard]] constexpr int explain_on_own_fd(int error) noexcept {
    return error == EBADF ? EIO : error;
}

} // namespace pidfd_util

#endif
