// SPDX-License-Identifier: MIT
// Waiting for one or all of many processes.
#ifndef PIDFD_UTIL_WAIT_ANY_HPP
#define PIDFD_UTIL_WAIT_ANY_HPP

#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <initializer_list>
#include <iterator>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

namespace detail {

template <class Range>
[[nodiscard]] expected<std::size_t> wait_any(const Range& range, std::int64_t deadline) noexcept {
    const auto* const first = std::data(range);
    const auto fd_at = [](const void* where, std::size_t i) {
        return (static_cast<decltype(first)>(where) + i)->fd();
    };
    bool ended{};
    std::size_t which{};
    const int error = abi::wait_any(first, fd_at, std::size(range), deadline, ended, which);
    return result(in_time(error, ended), which);
}

template <class Range>
[[nodiscard]] expected<void> wait_all(const Range& range, std::int64_t deadline) noexcept {
    // First of all: a bad one would else be told of only when those before it have ended.
    for (const auto& process : range)
        if (const int error = abi::check_pidfd(process.fd()); error != 0)
            return failure(error);
    for (const auto& process : range) {
        bool ended{};
        const int error = abi::wait_exit(process.fd(), deadline, ended);
        if (const int failed = in_time(error, ended); failed != 0)
            return failure(failed);
    }
    return {};
}

} // namespace detail

/// Waits until one of the processes has ended, and tells the index of one that has. None is reaped,
/// and none needs to be a child. One that has ended is told of every time, also after it was waited
/// for: take it out of the range. The range is an array or any other contiguous one, of `pidfd`,
/// `pidfd_view` or `child`, or a list in braces, of views. Allocates nothing; above 64 processes an
/// epoll instance stands in for the time of the call. Code that often waits for the same large set
/// should keep its own epoll(7) instance. Linux 5.3.
///
/// \errors
/// | errno  | `pidfd_errc`  | when |
/// | ------ | ------------- | ---- |
/// | EINVAL |               | the range is empty |
/// | EBADF, EBADFD | `not_a_pidfd` | one of them is closed, or something else |
/// | EMFILE |               | more processes than RLIMIT_NOFILE; above 64: no file descriptor left |
/// | ENFILE, ENOMEM, ENOSPC | | above 64: no room for an epoll instance or in it |
template <class Range = std::initializer_list<pidfd_view>>
[[nodiscard]] expected<std::size_t> wait_any(const Range& range) noexcept {
    return detail::wait_any(range, abi::never);
}

/// Waits for one of them at most `time`.
///
/// \errors as for `wait_any`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ETIMEDOUT | none of them has ended in time |
template <class Range = std::initializer_list<pidfd_view>, class Rep, class Period>
[[nodiscard]] expected<std::size_t> wait_any_for(const Range& range,
                                                 std::chrono::duration<Rep, Period> time) noexcept {
    return detail::wait_any(range, detail::to_deadline(time));
}
/// Waits for one of them until the point of time `when` at most.
///
/// \errors as for `wait_any_for`
template <class Range = std::initializer_list<pidfd_view>, class Duration>
[[nodiscard]] expected<std::size_t>
wait_any_until(const Range& range,
               std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
    return detail::wait_any(range, detail::to_deadline(when));
}

/// Waits until all of the processes have ended. None is reaped, and none needs to be a child; of an
/// empty range all have. Linux 5.3. See poll(2).
///
/// \errors
/// | errno         | `pidfd_errc`  | when |
/// | ------------- | ------------- | ---- |
/// | EBADF, EBADFD | `not_a_pidfd` | one of them is closed, or something else |
/// | EMFILE        |               | RLIMIT_NOFILE is 0, with which no file descriptor can be polled |
template <class Range = std::initializer_list<pidfd_view>>
[[nodiscard]] expected<void> wait_all(const Range& range) noexcept {
    return detail::wait_all(range, abi::never);
}

/// Waits for all of them at most `time`.
///
/// \errors as for `wait_all`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ETIMEDOUT | one of them has not ended in time |
template <class Range = std::initializer_list<pidfd_view>, class Rep, class Period>
[[nodiscard]] expected<void> wait_all_for(const Range& range,
                                          std::chrono::duration<Rep, Period> time) noexcept {
    return detail::wait_all(range, detail::to_deadline(time));
}
/// Waits for all of them until the point of time `when` at most.
///
/// \errors as for `wait_all_for`
template <class Range = std::initializer_list<pidfd_view>, class Duration>
[[nodiscard]] expected<void>
wait_all_until(const Range& range,
               std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
    return detail::wait_all(range, detail::to_deadline(when));
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
