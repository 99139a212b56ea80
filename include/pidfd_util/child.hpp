// SPDX-License-Identifier: MIT
// A child process, and the one owner of its exit status.
#ifndef PIDFD_UTIL_CHILD_HPP
#define PIDFD_UTIL_CHILD_HPP

#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <utility>

namespace pidfd_util {

/// A step of a way to stop a process: a signal, and how long to wait for the end after it.
struct stop_step {
    int signal;                    ///< its number
    std::chrono::nanoseconds time; ///< how long to wait; 0: the next step comes at once
};

/// SIGTERM, then SIGCONT so that a stopped process sees it, 5 seconds; then SIGKILL, 2 seconds.
inline constexpr stop_step default_stop[] = {
    {SIGTERM, std::chrono::nanoseconds(0)},
    {SIGCONT, std::chrono::seconds(5)},
    {SIGKILL, std::chrono::seconds(2)},
};

/// What stopping a process came to.
struct stop_result {
    exit_status status; ///< how it ended
    /// The index of the last step whose signal was sent; empty if the child had ended before the
    /// first. The child need not have ended by this signal: one to a child that has just ended by
    /// itself, and was not reaped yet, counts as sent.
    std::optional<std::size_t> step;
};

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Owns a child's pidfd and its exit status. A child can be waited for once only; this remembers
/// the status, so that waiting in any form, in any order and as often as one likes gives the same
/// answer, and a wait that ran out of time loses nothing. Errors are never remembered.
///
/// Where somebody else reaps the child, its status comes from the kernel once that is done (Linux
/// 6.15); older kernels do not keep it, and the answer is ECHILD.
///
/// It has every operation of a pidfd, and waits of its own in the place of those that would take the
/// status away. Destroying it closes the pidfd; the child is neither killed nor reaped.
///
/// Waiting changes the object: it is for one thread at a time.
class [[nodiscard]] child : public pidfd_operations {
public:
    /// No child: every operation fails with EBADF.
    constexpr child() noexcept : pidfd_operations(-1) {}

    /// Takes over the pidfd of a child that has not been waited for.
    explicit child(pidfd&& fd) noexcept : pidfd_operations(fd.release()) {}

    /// Takes over the pidfd and the status; the other one is empty then.
    child(child&& other) noexcept
        : pidfd_operations(std::exchange(other.fd_, -1)), status_(other.status_) {
        other.status_.reset();
    }
    /// Closes its own pidfd, and takes over the other's and the status.
    child& operator=(child&& other) noexcept {
        const unique_fd old(std::exchange(fd_, std::exchange(other.fd_, -1)));
        status_ = std::exchange(other.status_, std::nullopt);
        return *this;
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() { const unique_fd old(fd_); }

    /// The status, if it is here already.
    [[nodiscard]] std::optional<exit_status> status() const noexcept { return status_; }

    /// The status from here, or else from the kernel; the child is left to be waited for. Empty
    /// while it has not ended.
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | it was reaped elsewhere, and the kernel keeps nothing: before Linux 6.15 |
    [[nodiscard]] expected<std::optional<exit_status>> get_exit_status() const noexcept {
        if (status_)
            return status_;
        return pidfd_operations::get_exit_status();
    }

    /// Gives the pidfd away, and forgets the status.
    [[nodiscard]] pidfd release() noexcept {
        status_.reset();
        return pidfd(std::exchange(fd_, -1));
    }

    /// Waits until the child has ended, and reaps it. Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | ECHILD | it was reaped elsewhere, by another wait or because SIGCHLD is ignored, and the kernel has not kept the status: before Linux 6.15 |
    /// | EMFILE | it was reaped elsewhere, or SIGCHLD is ignored, and RLIMIT_NOFILE is 0 |
    [[nodiscard]] expected<exit_status> wait() noexcept { return wait_before(abi::never); }

    /// The same without waiting: empty while the child has not ended.
    ///
    /// \errors as for `wait`
    [[nodiscard]] expected<std::optional<exit_status>> try_wait() noexcept {
        if (const int error = ask(abi::at_once); error != 0)
            return detail::failure(error);
        return status_;
    }

    /// Waits at most `time`, of any unit and length. A wait that runs out of time takes nothing: the
    /// next one gets the status.
    ///
    /// \errors as for `wait`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the child has not ended in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<exit_status> wait_for(std::chrono::duration<Rep, Period> time) noexcept {
        return wait_before(detail::to_deadline(time));
    }
    /// Waits until the point of time `when` at most.
    ///
    /// \errors as for `wait_for`
    template <class Duration>
    [[nodiscard]] expected<exit_status>
    wait_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
        return wait_before(detail::to_deadline(when));
    }

    /// Stops the child: sends each step's signal in turn and waits for the step's time, until the
    /// child has ended. A child that has ended gets no signal. One that outlived the last step can
    /// be waited for or stopped again. Linux 5.4. See pidfd_send_signal(2), waitid(2).
    ///
    /// \errors as for `wait` and `send_signal`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the child has outlived the last step |
    template <class Steps>
    [[nodiscard]] expected<stop_result> stop(const Steps& steps) noexcept;
    /// Stops the child with the steps of `default_stop`.
    ///
    /// \errors as for `stop` with steps
    [[nodiscard]] expected<stop_result> stop() noexcept { return stop(default_stop); }

private:
    template <class Owner>
    friend expected<Owner> detail::owned(int, const int&) noexcept;

    constexpr explicit child(int fd) noexcept : pidfd_operations(fd) {}

    /// Waits, unless the status is here already, and keeps the status if there is one.
    int ask(std::int64_t deadline) noexcept {
        if (status_)
            return 0;
        bool ended{};
        int status{};
        const int error = abi::wait_as_owner(fd_, deadline, ended, status);
        if (error == 0 && ended)
            status_ = exit_status::from_wait_status(status);
        return error;
    }

    expected<exit_status> wait_before(std::int64_t deadline) noexcept {
        const int error = ask(deadline);
        if (const int failed = detail::in_time(error, status_.has_value()); failed != 0)
            return detail::failure(failed);
        return *status_;
    }

    std::optional<exit_status> status_;
};

inline pidfd_view::pidfd_view(const child& owner) noexcept : pidfd_waits(owner.fd()) {}

template <class Steps>
expected<stop_result> child::stop(const Steps& steps) noexcept {
    std::optional<std::size_t> sent;
    std::size_t index = 0;
    auto ended = wait_before(abi::at_once);
    for (const stop_step& step : steps) {
        if (ended || ended.error() != std::errc::timed_out)
            break;
        // It may have ended, and reaped itself, since the last look.
        const auto signalled = send_signal(step.signal);
        if (!signalled && signalled.error() != pidfd_errc::not_found)
            return unexpected(signalled.error());
        if (signalled)
            sent = index;
        ++index;
        ended = wait_for(step.time);
    }
    if (!ended)
        return unexpected(ended.error());
    return stop_result{*ended, sent};
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
