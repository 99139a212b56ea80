// SPDX-License-Identifier: MIT
// From the boundary's errno to the face's `expected`.
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

// Values come by reference: they are filled in by the call whose errno is the first argument, and
// the order in which arguments are evaluated is nobody's to know.

[[nodiscard]] inline unexpected failure(int error) noexcept {
    return unexpected(std::error_code(error, pidfd_category()));
}

[[nodiscard]] inline expected<void> result(int error) noexcept {
    if (error != 0)
        return failure(error);
    return {};
}

template <class T>
[[nodiscard]] expected<T> result(int error, const T& value) noexcept {
    if (error != 0)
        return failure(error);
    return value;
}

/// The errno of a wait with a limit: ETIMEDOUT if the limit passed before it `happened`.
[[nodiscard]] constexpr int in_time(int error, bool happened) noexcept {
    return error == 0 && !happened ? ETIMEDOUT : error;
}

[[nodiscard]] inline expected<std::optional<exit_status>> ended_result(int error, const bool& ended,
                                                                       const int& status) noexcept {
    if (error != 0)
        return failure(error);
    if (!ended)
        return std::nullopt;
    return exit_status::from_wait_status(status);
}

/// Takes over the file descriptor `fd`.
template <class Owner>
[[nodiscard]] expected<Owner> owned(int error, const int& fd) noexcept {
    if (error != 0)
        return failure(error);
    return Owner(fd);
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
