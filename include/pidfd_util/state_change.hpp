// SPDX-License-Identifier: MIT
// Changes in the life of a child that can be waited for.
#ifndef PIDFD_UTIL_STATE_CHANGE_HPP
#define PIDFD_UTIL_STATE_CHANGE_HPP

#include <pidfd_util/exit_status.hpp>

#include <csignal>
#include <optional>

namespace pidfd_util {

/// What to wait for, combined with `|`. The values are those of waitid(2).
enum class wait_flags : unsigned {
    stopped = 2,       ///< WSTOPPED: a signal stopped the child
    exited = 4,        ///< WEXITED: the child has ended
    continued = 8,     ///< WCONTINUED: SIGCONT let a stopped child go on
    keep = 0x01000000, ///< WNOWAIT: leaves the change, and the child, to be waited for again
};

/// Both: a wait for either change.
[[nodiscard]] constexpr wait_flags operator|(wait_flags a, wait_flags b) noexcept {
    return static_cast<wait_flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// What is in both sets.
[[nodiscard]] constexpr wait_flags operator&(wait_flags a, wait_flags b) noexcept {
    return static_cast<wait_flags>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Adds the other set.
constexpr wait_flags& operator|=(wait_flags& a, wait_flags b) noexcept {
    return a = a | b;
}

/// A change in the life of a child.
class state_change {
public:
    /// From waitid(2)'s si_code and si_status.
    constexpr state_change(int code, int status) noexcept : code_(code), status_(status) {}

    /// How it ended; empty if it did not.
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

    /// The signal that stopped it; empty if none did. A tracer also sees traps here.
    [[nodiscard]] constexpr std::optional<int> stopped_by() const noexcept {
        if (code_ != CLD_STOPPED && code_ != CLD_TRAPPED)
            return std::nullopt;
        return status_;
    }

    /// Whether SIGCONT let it go on.
    [[nodiscard]] constexpr bool continued() const noexcept { return code_ == CLD_CONTINUED; }

private:
    int code_;
    int status_;
};

} // namespace pidfd_util

#endif
