// SPDX-License-Identifier: MIT
// Waiting for one or all of many processes.
#ifndef PIDFD_UTIL_WAIT_ANY_HPP
#define PIDFD_UTIL_WAIT_ANY_HPP

#include <pidfd_util/detail/handle_range.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <initializer_list>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

namespace detail {

template <class Range>
[[nodiscard]] expected<std::size_t> wait_any(const Range& range, std::int64_t deadline) noexcept {
    const handle_range<Range> all{range};
    bool ended{};
    std::size_t which{};
    const int error = abi::wait_any(all.first(), all.fd_at, all.size(), deadline, ended, which);
    return result(in_time(error, ended), which);
}

template <class Range>
[[nodiscard]] expected<void> wait_all(const Range& range, std::int64_t deadline) noexcept {
    // All are checked first: otherwise an error would be returned only after the processes before
    // it have ended.
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

/// Waits until one of the processes has ended, and returns the index of one that has. Does not reap
/// it. The processes need not be children. An ended process is reported on every call, even once
/// reaped: remove it from the range. `range` is an array, or any other contiguous range, of
/// `pidfd`, `pidfd_view` or `child`; or a list of views in braces. Opens no file descriptor. For
/// more than 64 processes, the function maps 8 bytes of memory for each during the call. Each call
/// polls every process. It also checks every handle, unless a process has already ended. A program
/// that often waits for the same large set should therefore keep an epoll(7) instance of its own.
/// Linux 5.3. See poll(2).
///
/// \errors
/// | errno  | `pidfd_errc`  | when |
/// | ------ | ------------- | ---- |
/// | EINVAL |               | the range is empty |
/// | EBADF, EBADFD | `not_a_pidfd` | one of the handles is empty or closed (EBADF); one of the file descriptors is open, but is not a pidfd (EBADFD). Not reported if a process has ended |
/// | EMFILE |               | there are more processes than RLIMIT_NOFILE |
/// | ENOMEM |               | there is not enough memory for the entries of more than 64 processes |
/// | EAGAIN |               | there are more than 64 processes, and the memory for their entries would exceed the limit on locked memory (mlockall(2)) |
template <class Range = std::initializer_list<pidfd_view>>
[[nodiscard]] expected<std::size_t> wait_any(const Range& range) noexcept {
    return detail::wait_any(range, abi::never);
}

/// Waits until one of the processes has ended, but at most for `time`, and returns the index of one
/// that has. Does not reap it. `range` is as for `wait_any`. `time` may have any unit and any
/// length.
/// Linux 5.3.
///
/// \errors as for `wait_any`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ETIMEDOUT | none of the processes has ended in time |
template <class Range = std::initializer_list<pidfd_view>, class Rep, class Period>
[[nodiscard]] expected<std::size_t> wait_any_for(const Range& range,
                                                 std::chrono::duration<Rep, Period> time) noexcept {
    return detail::wait_any(range, detail::to_deadline(time));
}
/// Waits until one of the processes has ended, but not beyond the time point `when`, and returns
/// the index of one that has. Does not reap it. `range` is as for `wait_any`.
/// Linux 5.3.
///
/// \errors as for `wait_any_for`
template <class Range = std::initializer_list<pidfd_view>, class Duration>
[[nodiscard]] expected<std::size_t>
wait_any_until(const Range& range,
               std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
    return detail::wait_any(range, detail::to_deadline(when));
}

/// Waits until all of the processes have ended, and does not reap them. The processes need not be
/// children. `range` is as for `wait_any`; if it is empty, the function returns at once.
/// Linux 5.3. See poll(2).
///
/// \errors
/// | errno         | `pidfd_errc`  | when |
/// | ------------- | ------------- | ---- |
/// | EBADF, EBADFD | `not_a_pidfd` | one of the handles is empty or closed (EBADF); one of the file descriptors is open, but is not a pidfd (EBADFD) |
/// | EMFILE        |               | RLIMIT_NOFILE is 0, so that no file descriptor can be polled |
template <class Range = std::initializer_list<pidfd_view>>
[[nodiscard]] expected<void> wait_all(const Range& range) noexcept {
    return detail::wait_all(range, abi::never);
}

/// Waits until all of the processes have ended, but at most for `time`, and does not reap them.
/// `range` is as for `wait_any`. `time` may have any unit and any length.
/// Linux 5.3. See poll(2).
///
/// \errors as for `wait_all`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ETIMEDOUT | one of the processes has not ended in time |
template <class Range = std::initializer_list<pidfd_view>, class Rep, class Period>
[[nodiscard]] expected<void> wait_all_for(const Range& range,
                                          std::chrono::duration<Rep, Period> time) noexcept {
    return detail::wait_all(range, detail::to_deadline(time));
}
/// Waits until all of the processes have ended, but not beyond the time point `when`, and does not
/// reap them. `range` is as for `wait_any`.
/// Linux 5.3. See poll(2).
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
