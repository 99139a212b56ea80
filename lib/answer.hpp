// SPDX-License-Identifier: MIT
// Result convention inside lib/: 0 or an errno; of a path among several also that it cannot tell.
// And what the errno means with which a system call was refused.
#ifndef PIDFD_UTIL_LIB_ANSWER_HPP
#define PIDFD_UTIL_LIB_ANSWER_HPP

#include <cerrno>

namespace pidfd_util {

/// The result of one path among several: 0, an errno, or `ask_another`. The last has no number, so
/// that it cannot leave the library as an errno.
class [[nodiscard]] path_result {
public:
    /// Of 0 or an errno. A path that always decides returns an int.
    // cppcheck-suppress noExplicitConstructor
    constexpr path_result(int error) noexcept : error_(error) {}
    /// The path is there, but cannot tell about this one process.
    static constexpr path_result undecided() noexcept {
        path_result r(EOPNOTSUPP);
        r.undecided_ = true;
        return r;
    }

    constexpr bool is_undecided() const noexcept { return undecided_; }
    /// Returns 0 or the errno, and `otherwise` in the place of `ask_another`.
    constexpr int error_or(int otherwise) const noexcept { return undecided_ ? otherwise : error_; }

private:
    int error_;
    bool undecided_ = false;
};

inline constexpr path_result ask_another = path_result::undecided();

/// Whether this is an answer, and not that the call or the path is missing or forbidden.
constexpr bool is_answer(int error) noexcept {
    return error != EOPNOTSUPP && error != ERFKILL;
}
constexpr bool is_answer(path_result result) noexcept {
    return is_answer(result.error_or(EOPNOTSUPP));
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

/// For a call that the kernel may forbid: `error`, or ERFKILL if a seccomp filter said it and not
/// the kernel. `on_no_fd` makes the same call on fd -1, where the kernel says EBADF whatever the
/// rights; it returns a negated errno.
template <class CallOnNoFd>
int who_forbids(int error, CallOnNoFd on_no_fd) noexcept {
    if (error != EPERM && error != EACCES)
        return error;
    return sandboxed(-on_no_fd()) == ERFKILL ? ERFKILL : error;
}

/// For a call whose success leaves no trace that could be looked at: 0, or ENOSYS if it was a
/// seccomp filter that said "error 0". `on_no_fd` makes the same call on fd -1, which the kernel
/// never lets succeed.
template <class CallOnNoFd>
int who_succeeds(CallOnNoFd on_no_fd) noexcept {
    return on_no_fd() >= 0 ? ENOSYS : 0;
}

/// For an errno that the call never has: EIO, unless every call can have it. Its meaning for other
/// calls must not be taken for an answer.
constexpr int out_of_place(int error) noexcept {
    return error == ENOMEM || error == EAGAIN ? error : EIO;
}

/// For a file descriptor that the library itself has opened: EBADF about it says nothing about the
/// caller's handle.
constexpr int on_own_fd(int error) noexcept {
    return error == EBADF ? EIO : error;
}

} // namespace pidfd_util

#endif
