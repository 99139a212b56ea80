// SPDX-License-Identifier: MIT
// How a process ended.
#ifndef PIDFD_UTIL_EXIT_STATUS_HPP
#define PIDFD_UTIL_EXIT_STATUS_HPP

#include <optional>

namespace pidfd_util {

/// The way in which a process ended: it exited with a code, or a signal killed it. Exactly one of
/// `code()` and `signal()` has a value, so that neither can be mistaken for the other.
class exit_status {
public:
    /// Converts the status word of wait(2) of a process that has ended, not of one that was
    /// stopped.
    [[nodiscard]] static constexpr exit_status from_wait_status(int status) noexcept {
        return exit_status(status);
    }

    /// Returns the exit code, 0 to 255; empty if a signal killed the process.
    [[nodiscard]] constexpr std::optional<int> code() const noexcept {
        if (killer() != 0)
            return std::nullopt;
        return (status_ >> 8) & 0xff;
    }

    /// Returns the signal that killed the process; empty if the process exited.
    [[nodiscard]] constexpr std::optional<int> signal() const noexcept {
        if (killer() == 0)
            return std::nullopt;
        return killer();
    }

    /// Returns whether the kernel reports that a core was dumped.
    [[nodiscard]] constexpr bool core_dumped() const noexcept {
        return killer() != 0 && (status_ & 0x80) != 0;
    }

    /// Returns whether the process exited with code 0.
    [[nodiscard]] constexpr bool success() const noexcept { return code() == 0; }

    /// Returns the status word, for WIFEXITED and the related macros.
    [[nodiscard]] constexpr int wait_status() const noexcept { return status_; }

    /// Returns whether the status words are equal.
    friend constexpr bool operator==(exit_status a, exit_status b) noexcept {
        return a.status_ == b.status_;
    }
    /// Returns whether the status words differ.
    friend constexpr bool operator!=(exit_status a, exit_status b) noexcept { return !(a == b); }

private:
    constexpr explicit exit_status(int status) noexcept : status_(status) {}
    [[nodiscard]] constexpr int killer() const noexcept { return status_ & 0x7f; }

    int status_;
};

} // namespace pidfd_util

#endif
