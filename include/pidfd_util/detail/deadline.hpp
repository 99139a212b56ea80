// SPDX-License-Identifier: MIT
// Conversion of <chrono> to the deadlines of the binary interface: nanoseconds of CLOCK_MONOTONIC.
#ifndef PIDFD_UTIL_DETAIL_DEADLINE_HPP
#define PIDFD_UTIL_DETAIL_DEADLINE_HPP

#include <pidfd_util/abi.hpp>
#include <pidfd_util/expected.hpp>

#include <chrono>
#include <cstdint>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

/// Converts a duration of any unit and type. A duration that is too long becomes `never`; a
/// negative one, or NaN, becomes 0.
template <class Rep, class Period>
[[nodiscard]] constexpr std::int64_t to_nanoseconds(std::chrono::duration<Rep, Period> d) noexcept {
    using wide = std::chrono::duration<long double, std::nano>;
    const long double ns = std::chrono::duration_cast<wide>(d).count();
    if (!(ns > 0))
        return 0;
    return ns < static_cast<long double>(abi::never) ? static_cast<std::int64_t>(ns) : abi::never;
}

/// Converts a point of time. The epoch of the clock is at the boot or before, so that a point
/// before the epoch is in the past, too, and becomes 0.
template <class Duration>
[[nodiscard]] constexpr std::int64_t
to_deadline(std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
    return to_nanoseconds(when.time_since_epoch());
}

template <class Rep, class Period>
[[nodiscard]] std::int64_t to_deadline(std::chrono::duration<Rep, Period> from_now) noexcept {
    const std::int64_t now = to_deadline(std::chrono::steady_clock::now());
    const std::int64_t time = to_nanoseconds(from_now);
    return time < abi::never - now ? now + time : abi::never;
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
