// SPDX-License-Identifier: MIT
// Waiting for a child by its pidfd: what `pidfd` and `pidfd_view` have besides the operations.
#ifndef PIDFD_UTIL_WAITS_HPP
#define PIDFD_UTIL_WAITS_HPP

#include <pidfd_util/operations.hpp>
#include <pidfd_util/state_change.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// The waits for a child of the calling process. They take the child's status from the kernel, which
/// gives it once: a `child` has waits of its own, which keep it. Errors that the tables below do not
/// repeat are those of every operation.
class pidfd_waits : public pidfd_operations {
public:
    /// Waits until the process, a child of the caller, has ended, and reaps it. A pidfd in
    /// non-blocking mode waits as well. To keep the status for later, see `child`.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | ECHILD | not a child of the calling process; already reaped, by whomever; SIGCHLD is ignored, so that it reaped itself |
    [[nodiscard]] expected<exit_status> wait() const noexcept { return wait_before(abi::never); }

    /// The same without waiting: empty while the process has not ended.
    ///
    /// \errors as for `wait`
    [[nodiscard]] expected<std::optional<exit_status>> try_wait() const noexcept {
        bool ended{};
        int status{};
        const int error = abi::wait(fd_, abi::at_once, ended, status);
        return detail::ended_result(error, ended, status);
    }

    /// Waits at most `time`, of any unit and length. A wait that runs out of time takes nothing: the
    /// next one gets the status.
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
    /// Waits until the point of time `when` at most.
    ///
    /// \errors as for `wait_for`
    template <class Duration>
    [[nodiscard]] expected<exit_status>
    wait_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return wait_before(detail::to_deadline(when));
    }

    /// Waits for a change in the life of a child: also that it was stopped, or let go on. With
    /// `wait_flags::keep` the change stays to be waited for again. Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EINVAL | no change is named in the flags, or there are unknown ones |
    /// | ECHILD | as for `wait`; or the child has ended, and the flags have no `exited` |
    [[nodiscard]] expected<state_change> wait_change(wait_flags changes) const noexcept {
        return change_before(changes, abi::never);
    }

    /// The same without waiting: empty if nothing has changed.
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

    /// Waits at most `time`. A stop cannot be polled for: with `wait_flags::stopped` or
    /// `wait_flags::continued` this looks again and again, at most 64 ms late.
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
    /// Waits until the point of time `when` at most.
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
