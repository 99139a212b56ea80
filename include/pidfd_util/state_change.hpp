// SPDX-License-Identifier: MIT
// Changes of a child's state that can be waited for.
#ifndef PIDFD_UTIL_STATE_CHANGE_HPP
#define PIDFD_UTIL_STATE_CHANGE_HPP

#include <pidfd_util/exit_status.hpp>

#include <csignal>
#include <optional>

namespace pidfd_util {

/// A set of changes to wait for, combined with `|`. The values are those of waitid(2).
enum class wait_flags : unsigned {
    stopped = 2,       ///< WSTOPPED: a signal stopped the child
    exited = 4,        ///< WEXITED: the child has ended
    continued = 8,     ///< WCONTINUED: SIGCONT continued a stopped child
    keep = 0x01000000, ///< WNOWAIT: the change can be waited for again, and the child is not reaped
};

/// Returns the flags that are in either set.
[[nodiscard]] constexpr wait_flags operator|(wait_flags a, wait_flags b) noexcept {
    return static_cast<wait_flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// Returns the flags that are in both sets.
[[nodiscard]] constexpr wait_flags operator&(wait_flags a, wait_flags b) noexcept {
    return static_cast<wait_flags>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Adds the flags of the other set.
constexpr wait_flags& operator|=(wait_flags& a, wait_flags b) noexcept {
    return a = a | b;
}

/// A change of a child's state.
class state_change {
public:
    /// Makes a change from the fields si_code and si_status of waitid(2).
    constexpr state_change(int code, int status) noexcept : code_(code), status_(status) {}

    /// Returns how the child ended; empty if it did not end.
    [[nodiscard]] constexpr std::optional<exit_status> ended() const noexcept {
        switch (code_) {
        case CLD_EXITED:
            return exit_status::from_wait_status((status_ & 0xff) << 8);
        case CLD_KILLED:
            return exit_status::from_wait_status(status_ & 0x7f);
        case CLD_DUMPED:
            return exit_status::from_wait_status((status_ & 0x7f) | 0x80);
        default:
            return std::nullopt;
        }
    }

    /// Returns the signal that stopped the child; empty if it was not stopped. For a tracer, also
    /// returns the signal of a trap.
    [[nodiscard]] constexpr std::optional<int> stopped_by() const noexcept {
        if (code_ != CLD_STOPPED && code_ != CLD_TRAPPED)
            return std::nullopt;
        return status_;
    }

    /// Returns whether SIGCONT continued the child.
    [[nodiscard]] constexpr bool continued() const noexcept { return code_ == CLD_CONTINUED; }

private:
    int code_;
    int status_;
};

} // namespace pidfd_util

#endif
