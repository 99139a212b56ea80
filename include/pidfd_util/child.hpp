// SPDX-License-Identifier: MIT
// A child process: its pidfd and its exit status.
#ifndef PIDFD_UTIL_CHILD_HPP
#define PIDFD_UTIL_CHILD_HPP

#include <pidfd_util/abi_cgroup.hpp>
#include <pidfd_util/abi_stop.hpp>
#include <pidfd_util/child_usage.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/stop_step.hpp>

#include <cerrno>
#include <cstddef>
#include <iterator>
#include <utility>

namespace pidfd_util {

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

class cgroup_view;

namespace detail {
struct job_stop;

/// Exists if a loop can take the elements of a `Range`: a cgroup is not one.
template <class Range>
using iterator_of = decltype(std::begin(std::declval<const Range&>()));
} // namespace detail

/// The owner of a child's pidfd and of its exit status. The kernel returns the status of a child
/// only once; this class stores it. All waits, of every form and in any order, therefore return the
/// same status, however often they are called. A wait that ran out of time loses nothing. Errors
/// are not stored: the next wait asks the kernel again.
///
/// If the child was reaped elsewhere, the waits return the status that the kernel keeps (Linux
/// 6.15). Older kernels do not keep it, and the waits fail with ECHILD.
///
/// The kernel returns the usage of a child only once as well, together with the status. It is stored
/// if `keep_usage` was called before the child was reaped. An argument `with_usage` of a wait calls
/// it. The object stores the usage (80 bytes), so every later wait returns it again.
///
/// The class has every operation of a pidfd. It has waits of its own, because those of `pidfd`
/// would take the status from the kernel without storing it. The destructor closes the pidfd, and
/// neither kills nor reaps the child.
///
/// A wait changes the object: only one thread at a time may wait.
class [[nodiscard]] child : public pidfd_operations {
public:
    /// Makes an empty handle: every operation on it fails with EBADF.
    constexpr child() noexcept : pidfd_operations(-1) {}

    /// Takes over the pidfd of a child that has not been reaped.
    explicit child(pidfd&& fd) noexcept : pidfd_operations(fd.release()) {}

    /// Takes over the other handle's pidfd, status and usage, and leaves that handle empty.
    child(child&& other) noexcept
        : pidfd_operations(std::exchange(other.fd_, -1)), keeps_usage_(other.keeps_usage_),
          status_(other.status_), usage_(other.usage_) {
        other.forget();
    }
    /// Closes the pidfd of this handle, takes over the other handle's pidfd, status and usage, and
    /// leaves that handle empty.
    child& operator=(child&& other) noexcept {
        if (this == &other)
            return *this;
        const unique_fd old(std::exchange(fd_, std::exchange(other.fd_, -1)));
        keeps_usage_ = other.keeps_usage_;
        status_ = other.status_;
        usage_ = other.usage_;
        other.forget();
        return *this;
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() { const unique_fd old(fd_); }

    /// Returns the stored status; empty while no wait has stored one. Makes no system call.
    [[nodiscard]] std::optional<exit_status> status() const noexcept { return status_; }

    /// Returns the stored usage; empty while no wait has stored one. Makes no system call.
    [[nodiscard]] std::optional<child_usage> usage() const noexcept { return usage_; }

    /// Makes all later waits store the usage together with the status, also `stop` and those
    /// without the argument `with_usage`. Makes no system call.
    void keep_usage() noexcept { keeps_usage_ = true; }

    /// Returns the stored status or, if none is stored, the one that the kernel has. Does not reap
    /// the child. The result is empty while the child has not ended.
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | the child was reaped elsewhere, and the kernel does not keep the status: before Linux 6.15 |
    [[nodiscard]] expected<std::optional<exit_status>> get_exit_status() const noexcept {
        if (status_)
            return status_;
        return pidfd_operations::get_exit_status();
    }

    /// Returns the pidfd, discards the status and the usage, and leaves the handle empty.
    [[nodiscard]] pidfd release() noexcept {
        forget();
        return pidfd(std::exchange(fd_, -1));
    }

    /// Waits until the child has ended, reaps it, and stores its status. Returns the stored status
    /// if there is one.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | ECHILD | the child was reaped elsewhere, by another wait or because SIGCHLD is ignored, and the kernel has not kept the status: before Linux 6.15 |
    /// | EMFILE | the child was reaped elsewhere, or SIGCHLD is ignored, and RLIMIT_NOFILE is 0 |
    [[nodiscard]] expected<exit_status> wait() noexcept { return wait_before(abi::never); }
    /// Waits as `wait` does, and also returns what the child has used. The usage comes from the
    /// system call that reaps the child. Calls `keep_usage`, so that a wait that runs out of time
    /// or is cancelled loses nothing.
    /// Linux 5.4. See waitid(2), getrusage(2).
    ///
    /// \errors as for `wait`, and
    /// | errno   | when |
    /// | ------- | ---- |
    /// | ENODATA | the status is stored and the usage is not: a wait reaped the child before `keep_usage` was called; or the child was reaped elsewhere, and the kernel has kept the status alone |
    [[nodiscard]] expected<ended_child> wait(with_usage_t) noexcept {
        return ended_before(abi::never);
    }

    /// Reaps the child if it has ended, and stores its status. Returns the stored status, or an
    /// empty optional while the child has not ended. Does not wait.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait`
    [[nodiscard]] expected<std::optional<exit_status>> try_wait() noexcept {
        if (const int error = fetch_status(abi::at_once); error != 0)
            return detail::failure(error);
        return status_;
    }
    /// Reaps the child as `try_wait` does, and also returns what it has used. Calls `keep_usage`.
    /// Linux 5.4. See waitid(2), getrusage(2).
    ///
    /// \errors as for `wait`, and
    /// | errno   | when |
    /// | ------- | ---- |
    /// | ENODATA | as for `wait` with usage |
    [[nodiscard]] expected<std::optional<ended_child>> try_wait(with_usage_t) noexcept {
        const auto ended = ended_before(abi::at_once);
        if (!ended && ended.error() == std::errc::timed_out)
            return std::nullopt;
        if (!ended)
            return unexpected(ended.error());
        return *ended;
    }

    /// Waits until the child has ended, but at most for `time`, reaps it, and stores its status.
    /// Returns the stored status if there is one. `time` may have any unit and any length. A wait
    /// that runs out of time does not take the status: the next wait can return it.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the child has not ended in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<exit_status> wait_for(std::chrono::duration<Rep, Period> time) noexcept {
        return wait_before(detail::to_deadline(time));
    }
    /// Waits as `wait_for` does, and also returns what the child has used. Calls `keep_usage`.
    /// Linux 5.4. See waitid(2), getrusage(2).
    ///
    /// \errors as for `wait_for`, and
    /// | errno   | when |
    /// | ------- | ---- |
    /// | ENODATA | as for `wait` with usage |
    template <class Rep, class Period>
    [[nodiscard]] expected<ended_child> wait_for(std::chrono::duration<Rep, Period> time,
                                                 with_usage_t) noexcept {
        return ended_before(detail::to_deadline(time));
    }
    /// Waits until the child has ended, but not beyond the time point `when`, reaps it, and stores
    /// its status. Returns the stored status if there is one. A wait that runs out of time does not
    /// take the status: the next wait can return it.
    /// Linux 5.4. See waitid(2).
    ///
    /// \errors as for `wait_for`
    template <class Duration>
    [[nodiscard]] expected<exit_status>
    wait_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
        return wait_before(detail::to_deadline(when));
    }
    /// Waits as `wait_until` does, and also returns what the child has used. Calls `keep_usage`.
    /// Linux 5.4. See waitid(2), getrusage(2).
    ///
    /// \errors as for `wait_for`, and
    /// | errno   | when |
    /// | ------- | ---- |
    /// | ENODATA | as for `wait` with usage |
    template <class Duration>
    [[nodiscard]] expected<ended_child>
    wait_until(std::chrono::time_point<std::chrono::steady_clock, Duration> when,
               with_usage_t) noexcept {
        return ended_before(detail::to_deadline(when));
    }

    /// Stops the child: sends the signal of each step in turn, and waits for the time of the step,
    /// until the child has ended. Reaps the child and stores its status. A child that has ended
    /// gets no signal. A child that outlives the last step can be waited for or stopped again.
    /// `steps` is an array or another range of `stop_step`.
    ///
    /// A step with the scope `process_group` signals every process of the group that the child
    /// leads, also after the child itself has ended. If there is such a step, the stop is complete
    /// when the child has ended and no other process of the group runs; each step waits for both.
    /// Zombies do not run. The child is reaped last. A process that has left the group
    /// (setpgid(2), setsid(2)) is not stopped: only a cgroup holds all descendants. If the child
    /// itself has left its group, it gets only SIGKILL, or the step fails with EINVAL because no
    /// process of the group is left. Processes of the group that /proc hides from the caller are not
    /// waited for.
    ///
    /// Before Linux 6.9 the group is signalled by the number of the child. The kernel gives the
    /// number to no other process or group until the child is reaped. The function therefore reads
    /// the number from the pidfd, checks that the child was not reaped, and then signals. No other
    /// thread may reap the child meanwhile, for example with waitpid(-1).
    /// Linux 5.4. See pidfd_send_signal(2), waitid(2), kill(2), setpgid(2).
    ///
    /// \errors as for `wait` and `send_signal`, and
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | ETIMEDOUT  |               | the child, or its group if a step has that scope, has outlived the last step |
    /// | EINVAL     |               | a step has the scope `process_group`, and the child leads no group |
    /// | EOPNOTSUPP | `unsupported` | a step has the scope `process_group` before Linux 6.9, and the number of the child is not certain: the child was reaped elsewhere, SIGCHLD is ignored or has SA_NOCLDWAIT, or there is no /proc, or something is mounted over its entries; a step has the scope `thread` before Linux 6.9 |
    /// | EACCES, EMFILE, ENFILE | | a step has the scope `process_group`, and /proc could not be read to find the processes of the group; the steps up to the last one with SIGKILL were taken nevertheless, some of them without a wait |
    template <class Steps, class = detail::iterator_of<Steps>>
    [[nodiscard]] expected<stop_result> stop(const Steps& steps) noexcept {
        return stop_all({false, nullptr}, steps, [](std::int64_t) {});
    }
    /// Stops the child together with all processes of a cgroup, usually the one that the child is
    /// in. Sends the signal of each step to its target, as `stop` with steps does. The step with
    /// SIGKILL first kills everything in the cgroup and below it, as `cgroup::kill` does. If that
    /// succeeds, the step does not fail even if the caller may not signal the target. A step before
    /// the one with SIGKILL does not fail for that reason either: it waits although it could not
    /// send its signal. Each step waits until the child has ended and the cgroup is empty.
    /// Processes that the child has left behind are therefore killed, although the child itself has
    /// ended. If no step has SIGKILL, the function only waits for them.
    ///
    /// The cgroup can be removed afterwards. Do not use it for another job: see `cgroup::kill`. The
    /// member is defined in cgroup.hpp.
    /// Linux 5.4. See pidfd_send_signal(2), waitid(2), cgroups(7).
    ///
    /// \errors as for `stop` with steps, `cgroup::kill` and `cgroup::wait_empty`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the child or a process of the cgroup has outlived the last step |
    template <class Steps>
    [[nodiscard]] expected<stop_result> stop(const cgroup_view& job, const Steps& steps) noexcept;
    /// Stops the child together with all processes of a cgroup, with the steps of `default_stop`.
    ///
    /// \errors as for `stop` with a cgroup and steps
    [[nodiscard]] expected<stop_result> stop(const cgroup_view& job) noexcept;

    /// Stops the child with the steps of `default_stop`, and reaps it.
    ///
    /// \errors as for `stop` with steps
    [[nodiscard]] expected<stop_result> stop() noexcept { return stop(default_stop); }

private:
    template <class Owner>
    friend expected<Owner> detail::owned(int, int) noexcept;
    friend struct detail::job_stop;

    constexpr explicit child(int fd) noexcept : pidfd_operations(fd) {}

    /// Waits, unless a status is stored, and stores the status if there is one.
    [[nodiscard]] int fetch_status(std::int64_t deadline) noexcept {
        if (status_)
            return 0;
        bool ended{};
        int status{};
        abi::child_usage_record usage{};
        const int error = keeps_usage_ ? abi::wait_as_owner_with_usage(fd_, deadline, ended, status,
                                                                       usage, sizeof usage)
                                       : abi::wait_as_owner(fd_, deadline, ended, status);
        if (error != 0 || !ended)
            return error;
        if ((usage.filled & abi::child_usage_record::has_usage) != 0)
            usage_ = detail::to_child_usage(usage);
        status_ = exit_status::from_wait_status(status);
        return 0;
    }

    expected<exit_status> wait_before(std::int64_t deadline) noexcept {
        const int error = fetch_status(deadline);
        if (const int failed = detail::in_time(error, status_.has_value()); failed != 0)
            return detail::failure(failed);
        return *status_;
    }

    expected<ended_child> ended_before(std::int64_t deadline) noexcept {
        keep_usage();
        const auto status = wait_before(deadline);
        if (!status)
            return unexpected(status.error());
        if (!usage_)
            return detail::failure(ENODATA);
        return ended_child{*status, *usage_};
    }

    void forget() noexcept {
        keeps_usage_ = false;
        status_.reset();
        usage_.reset();
    }

    /// What is stopped besides the child.
    struct stop_scope {
        bool group;        // the process group that the child leads
        const int* cgroup; // the directory of a cgroup; or null
    };

    /// Sends the signal of a step to its target. Returns 0 or an errno.
    [[nodiscard]] int take_step(const stop_step& step, stop_scope with) const noexcept {
        int error = 0;
        // First: this kills the child even if the caller may not signal it.
        bool killed = false;
        if (with.cgroup != nullptr && step.signal == SIGKILL) {
            error = abi::cgroup_kill(*with.cgroup);
            killed = error == 0;
        }
        const int unkilled = error == ENODEV ? 0 : error; // a cgroup that was removed is empty
        switch (step.scope) {
        case signal_scope::thread_group:
            error = abi::send_signal(fd_, step.signal);
            break;
        case signal_scope::process_group:
            error = abi::signal_group(fd_, step.signal);
            // The child may have left the group that it has made. Nothing but SIGKILL may come twice.
            if (error == 0 && step.signal == SIGKILL)
                (void)abi::send_signal(fd_, SIGKILL);
            break;
        default:
            error = abi::send_signal_to(fd_, step.signal, step.scope);
            break;
        }
        if (unkilled != 0)
            return unkilled;
        return killed && (error == EPERM || error == ERFKILL) ? 0 : error;
    }

    /// Waits for the end of the child and of what is stopped with it. Reaps the child last: before
    /// Linux 6.9 its number is that of its group only until then.
    expected<exit_status> wait_stopped(stop_scope with, std::int64_t deadline) noexcept {
        int error = 0;
        bool ended = true;
        if (with.group) {
            error = abi::wait_group(fd_, deadline, ended);
            // Without /proc, the kernel shows only for a reaped leader whether its group has members.
            if (error == EOPNOTSUPP && !status_ && fetch_status(abi::at_once) == 0 && status_)
                error = abi::wait_group(fd_, deadline, ended);
        } else if (with.cgroup != nullptr && !status_) {
            error = abi::wait_exit(fd_, deadline, ended);
        }
        if (with.cgroup != nullptr && error == 0 && ended)
            error = abi::cgroup_wait_empty(*with.cgroup, deadline, ended);
        if (const int failed = detail::in_time(error, ended); failed != 0)
            return detail::failure(failed);
        return wait_before(deadline);
    }

    /// Returns whether `wait_stopped` failed with this errno because it could not see what runs.
    static constexpr bool is_failed_look(int error) noexcept {
        return error == EACCES || error == EMFILE || error == ENFILE || error == ENOMEM;
    }

    /// Takes the steps. After each signal, calls `meanwhile` with the deadline of the step before it
    /// waits.
    template <class Steps, class Meanwhile>
    expected<stop_result> stop_all(stop_scope with, const Steps& steps,
                                   const Meanwhile& meanwhile) noexcept;

    bool keeps_usage_ = false; // in what would be padding
    std::optional<exit_status> status_;
    std::optional<child_usage> usage_;
};

inline pidfd_view::pidfd_view(const child& owner) noexcept : pidfd_waits(owner.fd()) {}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#include <pidfd_util/detail/child_stop.hpp> // needs the class

#endif
