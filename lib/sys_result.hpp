// SPDX-License-Identifier: MIT
// What the system calls of sys.hpp have in common: errno is left alone, EINTR does not leak, and no
// errno comes out that the kernel itself never gives for the call.
#ifndef PIDFD_UTIL_LIB_SYS_RESULT_HPP
#define PIDFD_UTIL_LIB_SYS_RESULT_HPP

#include "sys.hpp"

#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/syscall.h>
#include <unistd.h>

namespace pidfd_util::sys {

// Only wait and poll sleep long enough to be interrupted, yet no EINTR may leak from anywhere. A
// call that is interrupted so often that it cannot be by signals must not hang its caller.
constexpr int patience = 100;

/// Returns the call's result, or a negated errno.
template <class Call>
auto attempt(Call call) noexcept -> decltype(call()) {
    const int saved = errno;
    auto result = call();
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

template <class Call>
auto repeat(Call call, int attempts) noexcept -> decltype(call()) {
    auto result = attempt(call);
    while (result == -EINTR && --attempts > 0)
        result = attempt(call);
    return result == -EINTR ? -EAGAIN : result;
}

template <class Call>
auto once(Call call) noexcept -> decltype(call()) {
    return repeat(call, patience);
}

template <class... Args>
int raw(long number, Args... args) noexcept {
    return static_cast<int>(once([=] { return ::syscall(number, to_register(args)...); }));
}

/// Repeats a blocking call for as long as signals interrupt it.
template <class Call>
int patiently(Call call) noexcept {
    return static_cast<int>(repeat(call, std::numeric_limits<int>::max()));
}

/// Returns the result of a call as far as the kernel can have given it. `Known` are the errnos that
/// this call has. EPERM and EACCES are a seccomp filter's (or a security module's) where they are not
/// among them, and become ERFKILL. ENOSYS, ENOMEM and EAGAIN can come from any call. Every other
/// errno is a filter's invention and becomes EIO: it must not be taken for its meaning elsewhere.
template <int... Known, class Result>
constexpr Result believe(Result result) noexcept {
    if (result >= 0 || ((result == -Known) || ...))
        return result;
    switch (static_cast<int>(-result)) {
    case EPERM:
    case EACCES:
        return -ERFKILL;
    case ENOSYS:
    case ENOMEM:
    case EAGAIN:
        return result;
    default:
        return -EIO;
    }
}

/// Makes a call that makes a file descriptor. A filter that answers "error 0" makes it return 0 with
/// nothing made, and nobody may own, and close, fd 0 for it. The same call again tells: the kernel
/// gives another number, or refuses.
template <class Call>
int raw_fd(Call call) noexcept {
    const int fd = call();
    if (fd != 0)
        return fd;
    const int second = call();
    if (second == 0)
        return -ENOSYS;
    if (second > 0)
        close(second);
    return fd;
}

} // namespace pidfd_util::sys

#endif
