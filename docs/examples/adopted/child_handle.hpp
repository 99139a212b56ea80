// SPDX-License-Identifier: MIT
// An Asio handle of a child, as Boost.Process has it in process_handle_fd.hpp (commit 5597aa0).
//
// The traps that this avoids: a failure to open the pidfd becomes "Bad file descriptor" later; a wait that
// blocks the thread of the io_context when the pidfd is readable early; terminate(), which takes the
// status from a pending wait; and a signal to the number after the child was reaped.
#ifndef ADOPTED_CHILD_HANDLE_HPP
#define ADOPTED_CHILD_HANDLE_HPP

#include <pidfd_util/asio.hpp>
#include <pidfd_util/child.hpp>

#include <csignal>
#include <memory>
#include <utility>

namespace adopted {

/// The handle can be moved while a wait is pending, because the child lies in memory of its own. It must
/// not be destroyed before the handlers of all its waits have been called: `cancel` makes that soon.
template <class Executor>
class child_handle {
public:
    /// Opens a child of the caller that was not reaped.
    static pidfd_util::expected<child_handle> open(const Executor& executor, pid_t pid) {
        auto opened = pidfd_util::pidfd::from_pid(pid);
        if (!opened)
            return pidfd_util::unexpected(opened.error());
        return child_handle(executor, pidfd_util::child(std::move(*opened)));
    }
    /// Takes over a child of `spawn`.
    child_handle(const Executor& executor, pidfd_util::child process)
        : process_(std::make_unique<pidfd_util::child>(std::move(process))),
          waiter_(executor, *process_) {}
    child_handle(child_handle&&) = default;
    child_handle& operator=(child_handle&&) = delete; // would destroy a child that is waited for

    /// Waits, and calls the handler with an error and the status. All waits return the same status.
    template <class Token>
    auto async_wait(Token&& token) {
        return waiter_.async_wait(std::forward<Token>(token));
    }
    void cancel() { waiter_.cancel(); }

    auto wait() { return process_->wait(); }
    auto running() const { return process_->is_alive(); }
    // These fail with `not_found` after the child was reaped.
    auto interrupt() const { return process_->send_signal(SIGINT); }
    auto request_exit() const { return process_->send_signal(SIGTERM); }
    auto suspend() const { return process_->send_signal(SIGSTOP); }
    auto resume() const { return process_->send_signal(SIGCONT); }
    auto terminate() const { return process_->kill(); }

private:
    std::unique_ptr<pidfd_util::child> process_;
    pidfd_util::child_waiter<Executor> waiter_; // after the child, which must outlive it
};

} // namespace adopted

#endif
