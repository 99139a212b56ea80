// SPDX-License-Identifier: MIT
// The pauses between two checks of a condition that no system call can wait for.
#ifndef PIDFD_UTIL_LIB_KERNEL_BACKOFF_HPP
#define PIDFD_UTIL_LIB_KERNEL_BACKOFF_HPP

#include "sys.hpp"

#include <algorithm>
#include <cstdint>

namespace pidfd_util {

/// Each pause is twice as long as the one before it, up to the longest. In nanoseconds.
class backoff {
public:
    constexpr backoff(std::int64_t shortest, std::int64_t longest) noexcept
        : shortest_(shortest), longest_(longest), next_(shortest) {}

    /// Sleeps, but not beyond the deadline. `over` is set if the deadline has passed.
    [[nodiscard]] int sleep(std::int64_t deadline, bool& over) noexcept {
        std::int64_t left = 0;
        if (const int error = sys::time_until(deadline, left); error != 0)
            return error;
        over = left == 0;
        if (over)
            return 0;
        const std::int64_t pause = std::min(next_, left);
        next_ = std::min(2 * next_, longest_);
        return sys::sleep(pause);
    }
    void restart() noexcept { next_ = shortest_; }

private:
    std::int64_t shortest_;
    std::int64_t longest_;
    std::int64_t next_;
};

} // namespace pidfd_util

#endif
