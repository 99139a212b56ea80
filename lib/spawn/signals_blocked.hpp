// SPDX-License-Identifier: MIT
// Blocking all signals for a scope.
#ifndef PIDFD_UTIL_LIB_SPAWN_SIGNALS_BLOCKED_HPP
#define PIDFD_UTIL_LIB_SPAWN_SIGNALS_BLOCKED_HPP

#include "../kernel/sys.hpp"

namespace pidfd_util {

/// Blocks every signal of the calling thread, also those that libc reserves.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept : error_(sys::set_signal_mask(sys::signal_set::all(), &old_)) {}
    ~all_signals_blocked() {
        if (error_ == 0)
            (void)sys::set_signal_mask(old_, nullptr);
    }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;
    [[nodiscard]] int error() const noexcept { return error_; }
    [[nodiscard]] const sys::signal_set& old() const noexcept { return old_; }

private:
    sys::signal_set old_{};
    int error_;
};

} // namespace pidfd_util

#endif
