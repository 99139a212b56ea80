// SPDX-License-Identifier: MIT
// Asynchronous waits for Asio, with any completion token. The umbrella header does not include this
// header, because nothing else needs Asio.
//
// It works with standalone Asio and with Boost.Asio, from version 1.18 (Boost 1.74) on. Define
// PIDFD_UTIL_USE_STANDALONE_ASIO or PIDFD_UTIL_USE_BOOST_ASIO to choose one. Otherwise the header
// uses standalone Asio if it is found, and Boost.Asio if not. The `error_code` of a handler is
// `std::error_code` with standalone Asio, and `boost::system::error_code` with Boost.Asio. Both
// compare with `pidfd_errc`, and `std::error_code(error).value()` is the errno.
#ifndef PIDFD_UTIL_ASIO_HPP
#define PIDFD_UTIL_ASIO_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/detail/asio_wait.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
inline namespace PIDFD_UTIL_ASIO_NAMESPACE {

/// The base of `child_waiter` and `exit_waiter`: waits that a call can cancel.
template <class Executor>
class waiter {
public:
    /// Takes over the pending waits of the other waiter.
    waiter(waiter&&) noexcept = default;
    /// Cancels the waits of this waiter, and takes over those of the other one.
    waiter& operator=(waiter&& other) noexcept {
        const waiter old((std::move)(*this));
        source_ = (std::move)(other.source_);
        return *this;
    }
    /// Cancels all pending waits.
    ~waiter() { cancel(); }

    /// Cancels all pending waits: they end with `operation_aborted`, unless they have ended
    /// already. A child keeps its status.
    void cancel() {
        if (source_)
            source_->cancel();
    }

protected:
    template <class Process>
    waiter(const Executor& executor, const Process& process)
        : source_(std::make_shared<asio_detail::readiness<Executor>>(executor, process)) {}

    template <class Goal, class Token>
    auto start(Goal goal, Token&& token) {
        return asio_detail::start_wait(source_, goal, std::forward<Token>(token));
    }

private:
    std::shared_ptr<asio_detail::readiness<Executor>> source_;
};

/// An I/O object that waits for one child, and whose waits a call can cancel. The function
/// `async_wait` is enough for a program that cancels no waits, or uses cancellation slots (Asio
/// 1.19, Boost 1.77).
///
/// The child must live, and must not be moved, until the handlers of its waits have been called or
/// destroyed. By Asio's rules about threads, a waiter and its child are one object: only one thread
/// at a time may use them, or they must be used on a strand. A waiter holds two file descriptors
/// while it waits, and closes both before the handler of its last wait is called.
template <class Executor>
class child_waiter : public waiter<Executor> {
public:
    /// Makes a waiter for a child, whose handlers run on the executor.
    child_waiter(const Executor& executor, child& process)
        : waiter<Executor>(executor, process), process_(&process) {}

    /// Waits like the function `async_wait`. Several waits may be pending.
    template <class Token>
    auto async_wait(Token&& token) {
        return this->start(asio_detail::status_goal{process_}, std::forward<Token>(token));
    }
    /// Waits like the function `async_wait` with usage. Several waits may be pending.
    template <class Token>
    auto async_wait(with_usage_t, Token&& token) {
        return this->start(asio_detail::usage_goal{process_}, std::forward<Token>(token));
    }

private:
    child* process_;
};

/// An I/O object that waits for the end of any process, and whose waits a call can cancel. The
/// function `async_wait_exit` is enough for a program that cancels no waits, or uses cancellation
/// slots (Asio 1.19, Boost 1.77). The waiter holds a duplicate of the pidfd as long as it lives, so
/// that the view may be destroyed earlier.
template <class Executor>
class exit_waiter : public waiter<Executor> {
public:
    /// Makes a waiter for a process, whose handlers run on the executor.
    exit_waiter(const Executor& executor, pidfd_view process)
        : waiter<Executor>(executor, process) {}

    /// Waits like the function `async_wait_exit`. Several waits may be pending.
    template <class Token>
    auto async_wait_exit(Token&& token) {
        return this->start(asio_detail::exit_goal{}, std::forward<Token>(token));
    }
};

namespace asio_detail {

template <class T>
inline constexpr bool is_context = std::is_convertible_v<T&, net::execution_context&>;

} // namespace asio_detail

/// Waits until the child has ended, reaps it, and calls the handler with an `error_code` and the
/// `exit_status`, as a `waited_status`. The child stores the status, as with any other wait: all
/// waits, asynchronous or not, return the same status. No thread is started, no signal handler is
/// installed, and the pidfd's non-blocking mode stays as it is. The first argument is an executor
/// or an execution context, such as an `io_context`.
///
/// A wait can be cancelled by the token's cancellation slot, with any type of cancellation. A
/// cancelled wait does not take the status: the next wait can return it.
///
/// The child must live, and must not be moved, until the handler has been called or destroyed. Two
/// threads may not use a child at the same time: if several threads run the context, the waits must
/// run on a strand. An operation holds two file descriptors while it waits. Before the handler is
/// called, it has closed them and destroyed its timer.
///
/// The handler is not called before this function returns, with one exception: if the handler has
/// an immediate executor (Asio 1.27, Boost 1.82), a wait that ends or fails at once dispatches the
/// handler there.
///
/// Linux 5.4. See pidfd_open(2), waitid(2).
///
/// \errors passed to the handler:
/// | errno     | `pidfd_errc`        | when |
/// | --------- | ------------------- | ---- |
/// | ECANCELED |                     | the wait was cancelled: Asio's `operation_aborted` |
/// | ECHILD    |                     | as for `child::wait` |
/// | EBADF     |                     | the child's handle is empty |
/// | EMFILE, ENFILE, ENOMEM, ENOSPC | | no file descriptor left, or the kernel cannot make an epoll(7) instance or add the pidfd to it |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_wait(const Executor& executor, child& process, Token&& token) {
    return asio_detail::start_wait(
        std::make_shared<asio_detail::readiness<Executor>>(executor, process),
        asio_detail::status_goal{&process}, std::forward<Token>(token));
}
/// Waits like `async_wait` with an executor. The handler runs on the executor of the context.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_wait(Context& context, child& process, Token&& token) {
    return pidfd_util::async_wait(context.get_executor(), process, std::forward<Token>(token));
}

/// Waits like `async_wait`, and calls the handler with an `error_code` and an `ended_child`, as a
/// `waited_child`: how the child ended, and what it used. Calls `child::keep_usage`, so that a
/// cancelled wait loses nothing.
///
/// Linux 5.4. See pidfd_open(2), waitid(2), getrusage(2).
///
/// \errors passed to the handler: as for `async_wait`, and
/// | errno   | when |
/// | ------- | ---- |
/// | ENODATA | as for `child::wait` with usage |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_wait(const Executor& executor, child& process, with_usage_t, Token&& token) {
    return asio_detail::start_wait(
        std::make_shared<asio_detail::readiness<Executor>>(executor, process),
        asio_detail::usage_goal{&process}, std::forward<Token>(token));
}
/// Waits like `async_wait` with usage and an executor. The handler runs on the executor of the
/// context.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_wait(Context& context, child& process, with_usage_t, Token&& token) {
    return pidfd_util::async_wait(context.get_executor(), process, with_usage,
                                  std::forward<Token>(token));
}

/// Waits until the process has ended, does not reap it, and calls the handler with an `error_code`.
/// The process need not be a child. The operation holds a duplicate of the pidfd, so that the view
/// may be destroyed as soon as this function has returned. The first argument is an executor or an
/// execution context, such as an `io_context`. Threads, cancellation and the call of the handler
/// are as for `async_wait`.
///
/// Linux 5.3. See pidfd_open(2), poll(2).
///
/// \errors passed to the handler:
/// | errno     | `pidfd_errc`  | when |
/// | --------- | ------------- | ---- |
/// | ECANCELED |               | the wait was cancelled: Asio's `operation_aborted` |
/// | EBADFD    | `not_a_pidfd` | the file descriptor is open, but is not a pidfd |
/// | EBADF     |               | the handle is empty or closed |
/// | EMFILE, ENFILE, ENOMEM, ENOSPC | | no file descriptor left, or the kernel cannot make an epoll(7) instance or add the pidfd to it |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_wait_exit(const Executor& executor, pidfd_view process, Token&& token) {
    return asio_detail::start_wait(
        std::make_shared<asio_detail::readiness<Executor>>(executor, process),
        asio_detail::exit_goal{}, std::forward<Token>(token));
}
/// Waits like `async_wait_exit` with an executor. The handler runs on the executor of the context.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_wait_exit(Context& context, pidfd_view process, Token&& token) {
    return pidfd_util::async_wait_exit(context.get_executor(), process, std::forward<Token>(token));
}

} // namespace PIDFD_UTIL_ASIO_NAMESPACE
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
