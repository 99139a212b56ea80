// SPDX-License-Identifier: MIT
// How a process ended.
#ifndef PIDFD_UTIL_EXIT_STATUS_HPP
#define PIDFD_UTIL_EXIT_STATUS_HPP

#include <optional>

namespace pidfd_util {

/// How a process ended: it exited with a code, or a signal killed it. One of `code()` and
/// `signal()` holds a value and the other is empty, so that neither can be taken for the other.
class exit_status {
public:
    /// From the status word of wait(2) for a process that has ended: not for one that was stopped.
    [[nodiscard]] static constexpr exit_status from_wait_status(int status) noexcept {
        return exit_status(status);
    }

    /// The exit code, 0 to 255; empty when a signal killed the process.
    [[nodiscard]] constexpr std::optional<int> code() const noexcept {
        if (killer() != 0)
            return std::nullopt;
        return (status_ >> 8) & 0xff;
    }

    /// The signal that killed the process; empty when it exited.
    [[nodiscard]] constexpr std::optional<int> signal() const noexcept {
        if (killer() == 0)
            return std::nullopt;
        return killer();
    }

    /// Whether the kernel says that a core was dumped.
    [[nodiscard]] constexpr bool core_dumped() const noexcept {
        return killer() != 0 && (status_ & 0x80) != 0;
    }

    /// Whether the process exited with code 0.
    [[nodiscard]] constexpr bool success() const noexcept { return code() == 0; }

    /// The status word, for WIFEXITED and its siblings.
    [[nodiscard]] constexpr int wait_status() const noexcept { return status_; }

    /// Whether the status words are the same.
    friend constexpr bool operator==(exit_status a, exit_status b) noexcept {
        return a.status_ == b.status_;
    }
    /// Whether the status words differ.
    friend constexpr bool operator!=(exit_status a, exit_status b) noexcept { return !(a == b); }

private:
    constexpr explicit exit_status(int status) noexcept : status_(status) {}
    [[nodiscard]] constexpr int killer() const noexcept { return status_ & 0x7f; }

    int status_;
};

} // namespace pidfd_util

#endif
