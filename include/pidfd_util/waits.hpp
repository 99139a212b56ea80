// SPDX-License-Identifier: MIT
// Waiting for a child by its pidfd: the operations that only `pidfd` and `pidfd_view` have.
#ifndef PIDFD_UTIL_WAITS_HPP
#define PIDFD_UTIL_WAITS_HPP

#include <pidfd_util/operations.hpp>
#include <pidfd_util/state_change.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// The waits for a child of the calling process. The kernel returns a child's status only once, to
/// the first of these waits. A `child` has waits of its own, which store the status. The waits can
/// also fail with the errors of every operation, which the tables below do not repeat.
class pidfd_waits : public pidfd_operations {
public:
    /// Waits until the process has ended, and reaps it. The process must be a child of the caller.
    /// The function waits even if the pidfd is in non-blocking mode. To keep the status for later,
    /// use a `child`.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | ECHILD | the process is not a child of the caller; it was already reaped, here or elsewhere; or it reaped itself, because SIGCHLD is ignored |
    [[nodiscard]] expected<exit_status> wait() const noexcept { return wait_before(abi::never); }

    /// Reaps the process and returns its status if it has ended. Otherwise returns an empty
    /// optional at once. The process must be a child of the caller.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait`
    [[nodiscard]] expected<std::optional<exit_status>> try_wait() const noexcept {
        bool ended{};
        int status{};
        const int error = abi::wait(fd_, abi::at_once, ended, status);
        return detail::ended_result(error, ended, status);
    }

    /// Waits until the process has ended, but at most for `time`, and reaps it. The process must be
    /// a child of the caller. `time` may have any unit and any length. A wait that runs out of time
    /// does not take the status: the next wait can return it.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the process has not ended in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<exit_status>
    wait_for(std::chrono::duration<Rep, Period> time) const noexcept {
        return wait_before(detail::to_deadline(time));
    }
    /// Waits until the process has ended, but not beyond the time point `when`, and reaps it. The
    /// process must be a child of the caller. A wait that runs out of time does not take the
    /// status: the next wait can return it.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait_for`
    template <class Duration>
    [[nodiscard]] expected<exit_status>
    wait_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return wait_before(detail::to_deadline(when));
    }

    /// Waits until a child changes its state: until it ends, is stopped or is continued, as
    /// `changes` selects. With `wait_flags::keep`, the same change can be waited for again.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EINVAL | `changes` names no change, or has unknown flags |
    /// | ECHILD | as for `wait`; or the child has ended, and `changes` does not have `exited` |
    [[nodiscard]] expected<state_change> wait_change(wait_flags changes) const noexcept {
        return change_before(changes, abi::never);
    }

    /// Returns a change of a child's state, as `wait_change` does. Returns an empty optional at
    /// once if nothing has changed.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait_change`
    [[nodiscard]] expected<std::optional<state_change>>
    try_wait_change(wait_flags changes) const noexcept {
        bool changed{};
        int code{};
        int status{};
        if (const int error = abi::wait_change(fd_, changes, abi::at_once, changed, code, status);
            error != 0)
            return detail::failure(error);
        if (!changed)
            return std::nullopt;
        return state_change(code, status);
    }

    /// Waits until a child changes its state, as `changes` selects, but at most for `time`. The
    /// kernel cannot wait for a stop or a continuation with a time limit. With
    /// `wait_flags::stopped` or `wait_flags::continued`, the function therefore checks repeatedly,
    /// and returns up to 64 ms after the change.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait_change`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | nothing has changed in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<state_change>
    wait_change_for(wait_flags changes, std::chrono::duration<Rep, Period> time) const noexcept {
        return change_before(changes, detail::to_deadline(time));
    }
    /// Waits until a child changes its state, as `changes` selects, but not beyond the time point
    /// `when`. With `wait_flags::stopped` or `wait_flags::continued`, the function checks
    /// repeatedly, and returns up to 64 ms after the change.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait_change_for`
    template <class Duration>
    [[nodiscard]] expected<state_change> wait_change_until(
        wait_flags changes,
        std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return change_before(changes, detail::to_deadline(when));
    }

protected:
    using pidfd_operations::pidfd_operations;
    pidfd_waits(const pidfd_waits&) noexcept = default;
    pidfd_waits& operator=(const pidfd_waits&) noexcept = default;
    ~pidfd_waits() = default;

private:
    expected<exit_status> wait_before(std::int64_t deadline) const noexcept {
        bool ended{};
        int status{};
        const int error = abi::wait(fd_, deadline, ended, status);
        return detail::result(detail::in_time(error, ended), exit_status::from_wait_status(status));
    }

    expected<state_change> change_before(wait_flags changes, std::int64_t deadline) const noexcept {
        bool changed{};
        int code{};
        int status{};
        const int error = abi::wait_change(fd_, changes, deadline, changed, code, status);
        return detail::result(detail::in_time(error, changed), state_change(code, status));
    }
};

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
