// SPDX-License-Identifier: MIT
// Conversion of the results of the binary interface to `expected`.
#ifndef PIDFD_UTIL_DETAIL_RESULT_HPP
#define PIDFD_UTIL_DETAIL_RESULT_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/expected.hpp>

#include <cerrno>
#include <optional>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

[[nodiscard]] inline unexpected failure(int error) noexcept {
    return unexpected(std::error_code(error, pidfd_category()));
}

[[nodiscard]] inline expected<void> result(int error) noexcept {
    if (error != 0)
        return failure(error);
    return {};
}

template <class T>
[[nodiscard]] expected<T> result(int error, T value) noexcept {
    if (error != 0)
        return failure(error);
    return value;
}

/// Calls a function of the binary interface that fills one value, and returns the value.
template <class Subject, class T, class... Parameters, class... Arguments>
[[nodiscard]] expected<T> ask(int (*function)(Subject, T&, Parameters...) noexcept, Subject subject,
                              Arguments... arguments) noexcept {
    T value{};
    const int error = function(subject, value, arguments...);
    return result(error, value);
}

/// Returns an owner of the file descriptor, or the error.
template <class Owner>
[[nodiscard]] expected<Owner> owned(int error, int fd) noexcept {
    if (error != 0)
        return failure(error);
    return Owner(fd);
}

/// Calls a function of the binary interface that opens a file descriptor, and returns its owner.
template <class Owner, class... Parameters, class... Arguments>
[[nodiscard]] expected<Owner> open(int (*function)(int, int&, Parameters...) noexcept, int subject,
                                   Arguments... arguments) noexcept {
    int fd = -1;
    const int error = function(subject, fd, arguments...);
    return owned<Owner>(error, fd);
}

/// Returns the errno of a wait with a time limit: ETIMEDOUT if the limit passed before it
/// `happened`.
[[nodiscard]] constexpr int in_time(int error, bool happened) noexcept {
    return error == 0 && !happened ? ETIMEDOUT : error;
}

[[nodiscard]] inline expected<std::optional<exit_status>> ended_result(int error, bool ended,
                                                                       int status) noexcept {
    if (error != 0)
        return failure(error);
    if (!ended)
        return std::nullopt;
    return exit_status::from_wait_status(status);
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
