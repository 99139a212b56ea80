// SPDX-License-Identifier: MIT
// What the system calls of sys.hpp have in common: they leave errno alone, retry on EINTR, and
// return no errno that the kernel never returns from the call.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_RESULT_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_RESULT_HPP

#include "enter.hpp"
#include "explain.hpp"
#include "sys.hpp"

#include <cerrno>

namespace pidfd_util::sys {

/// What a system call returned: a value, or an errno.
struct [[nodiscard]] reply {
    long value; // if `error` is 0
    int error;
};

/// Makes the system call with this number, once.
template <class... Args>
reply make_call(long number, Args... args) noexcept {
    const long result = enter(number, to_register(args)...);
    // The kernel returns errnos as -4095 to -1. Addresses and lengths can have any other value.
    const bool failed = static_cast<unsigned long>(result) >= static_cast<unsigned long>(-4095L);
    return {result, failed ? static_cast<int>(-result) : 0};
}

// Only waits and polls sleep long enough to be interrupted, but a seccomp filter can answer EINTR
// to every call. After this many attempts, a call that does not block gives up, and one that blocks
// finds out whether a filter answers.
constexpr int most_retries = 100;

/// Calls a function of libc, which returns -1 and sets errno if it fails.
template <class Call>
reply attempt(Call call) noexcept {
    const int saved = errno;
    const long value = call();
    const int error = value == -1 ? errno : 0;
    errno = saved;
    return {value, error};
}

/// Repeats a call that was interrupted. Separate from the first attempt, as it is never needed on
/// the fast path.
template <class Call>
[[gnu::noinline, gnu::cold]] reply retry_interrupted(Call call, int attempts) noexcept {
    for (; attempts > 0; --attempts)
        if (const reply r = call(); r.error != EINTR)
            return r;
    return {-1, EAGAIN};
}

template <class Call>
reply retry(Call call, int attempts) noexcept {
    const reply r = call();
    return r.error != EINTR ? r : retry_interrupted(call, attempts - 1);
}

/// Retries a call that does not block.
template <class Call>
reply retry_bounded(Call call) noexcept {
    return retry(call, most_retries);
}

template <class Call, class CallThatFails>
[[gnu::noinline, gnu::cold]] reply wait_interrupted(Call call, CallThatFails control) noexcept {
    for (;;) {
        for (int attempts = 0; attempts < most_retries; ++attempts)
            if (const reply r = call(); r.error != EINTR)
                return r;
        if (control() == EINTR)
            return {-1, EAGAIN};
    }
}

/// Retries a blocking call for as long as signals interrupt it. `control` makes the same call with
/// arguments that the kernel refuses at once, and returns its errno: EINTR comes from a seccomp
/// filter, and the result is EAGAIN.
template <class Call, class CallThatFails>
reply retry_on_eintr(Call call, CallThatFails control) noexcept {
    const reply r = call();
    return r.error != EINTR ? r : wait_interrupted(call, control);
}

/// Repeats a system call that was interrupted. It gets the arguments, and not a closure, which the
/// first attempt would have to store.
template <class... Args>
[[gnu::noinline, gnu::cold]] reply repeat_call(long number, Args... args) noexcept {
    return retry_interrupted([=] { return make_call(number, args...); }, most_retries - 1);
}

/// Makes the system call with this number, and repeats it if it was interrupted.
template <class... Args>
reply raw(long number, Args... args) noexcept {
    const reply r = make_call(number, args...);
    return r.error != EINTR ? r : repeat_call(number, args...);
}

/// Returns the errno if the kernel can have returned it. `Known` are the errnos that the kernel
/// returns from this call. EPERM and EACCES become ERFKILL if they are not among them: a seccomp
/// filter or a security module returned them. ENOSYS, ENOMEM and EAGAIN can come from every call.
/// Every other errno is a filter's invention and becomes EIO: its meaning for other calls is not
/// taken for an answer.
template <int... Known>
[[nodiscard]] constexpr int explain_errno(int error) noexcept {
    if (error == 0 || ((error == Known) || ...))
        return error;
    switch (error) {
    case EPERM:
    case EACCES:
        return ERFKILL;
    case ENOSYS:
    case ENOMEM:
    case EAGAIN:
        return error;
    default:
        return EIO;
    }
}

/// Returns the errno of a call that the kernel may deny, too. `on_no_fd` makes the same call on fd -1:
/// see `explain_denial`.
template <int... Known, class CallOnNoFd>
[[nodiscard]] int explain_deniable(int error, CallOnNoFd on_no_fd) noexcept {
    if (error == ERFKILL) // the kernel never returns it
        return EIO;
    return explain_errno<ERFKILL, EPERM, EACCES, Known...>(explain_denial(error, on_no_fd));
}

/// Makes a call that returns a new file descriptor. A filter that answers "error 0" makes it return
/// 0 although nothing was opened: the library must not take over fd 0 then, and close it later. To
/// find out, the same call is made again: the kernel returns another number, or an errno.
template <class Call>
[[nodiscard]] int make_fd(unique_fd& made, Call call) noexcept {
    const reply first = call();
    if (first.error != 0)
        return first.error;
    if (first.value == 0) {
        const reply second = call();
        if (second.error == 0 && second.value == 0)
            return ENOSYS;
        if (second.error == 0)
            close(static_cast<int>(second.value));
    }
    made.reset(static_cast<int>(first.value));
    return 0;
}

} // namespace pidfd_util::sys

#endif
