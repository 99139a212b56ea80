// SPDX-License-Identifier: MIT
// When a process started.
#ifndef PIDFD_UTIL_START_TIME_HPP
#define PIDFD_UTIL_START_TIME_HPP

#include <chrono>

namespace pidfd_util {

/// When a process started, to a clock tick (10 ms).
struct start_time {
    /// The time from boot to the start, on CLOCK_BOOTTIME of the caller's time namespace, see
    /// clock_gettime(2). It never changes.
    std::chrono::nanoseconds since_boot;
    /// The time of the start on the system clock. This value changes when the clock is set.
    std::chrono::system_clock::time_point wall;
};

} // namespace pidfd_util

#endif
