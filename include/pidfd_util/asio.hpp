// SPDX-License-Identifier: MIT
// Asynchronous waits for Asio, with any completion token. Not part of the umbrella header, as
// nothing else needs Asio.
//
// Works with standalone Asio and with Boost.Asio, from version 1.18 (Boost 1.74) on. Define
// PIDFD_UTIL_USE_STANDALONE_ASIO or PIDFD_UTIL_USE_BOOST_ASIO to choose; else it is the standalone
// one if that is found, and Boost's if not. A handler's `error_code` is `std::error_code` in the
// one and `boost::system::error_code` in the other; both compare with `pidfd_errc`, and the errno
// is `std::error_code(error).value()`.
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

/// What `child_waiter` and `exit_waiter` share: their waits can be cancelled by a call.
template <class Executor>
class waiter {
public:
    /// Takes over the waits that are under way.
    waiter(waiter&&) noexcept = default;
    /// Cancels its own waits, and takes over the other's.
    waiter& operator=(waiter&& other) noexcept {
        const waiter old((std::move)(*this));
        source_ = (std::move)(other.source_);
        return *this;
    }
    /// Cancels.
    ~waiter() { cancel(); }

    /// Every wait that is under way ends with `operation_aborted`, unless it has ended already.
    /// A child keeps its status.
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

/// Waits for one child, and can be cancelled by a call, as Asio's own I/O objects. With cancellation
/// slots (Asio 1.19, Boost 1.77), or without cancelling, the function `async_wait` is enough.
///
/// The child must live, and must not be moved, until the handlers of its waits have been called or
/// destroyed. A waiter and its child are one object to Asio's rules about threads: one thread at a
/// time, or a strand. While it waits, it holds two file descriptors; both are closed before the
/// handler of its last wait is called.
template <class Executor>
class child_waiter : public waiter<Executor> {
public:
    /// For that child, with handlers on that executor.
    child_waiter(const Executor& executor, child& process)
        : waiter<Executor>(executor, process), process_(&process) {}

    /// As the function `async_wait`. Several may be under way.
    template <class Token>
    auto async_wait(Token&& token) {
        return this->start(asio_detail::status_goal{process_}, std::forward<Token>(token));
    }

private:
    child* process_;
};

/// The same for the end of any process. It has a duplicate of the pidfd for as long as it lives: the
/// view need not live on.
template <class Executor>
class exit_waiter : public waiter<Executor> {
public:
    /// For that process, with handlers on that executor.
    exit_waiter(const Executor& executor, pidfd_view process)
        : waiter<Executor>(executor, process) {}

    /// As the function `async_wait_exit`. Several may be under way.
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
/// `exit_status`, as a `waited_status`. The child remembers the status as with any other wait:
/// waits of all kinds, before, meanwhile and after, agree. No thread is made and no signal handler
/// installed, and the pidfd's non-blocking mode is left as it is. The first argument is an executor
/// or an execution context such as an `io_context`.
///
/// A wait that is cancelled, by the token's cancellation slot, takes no status: the child has it
/// for the next one. Any type of cancellation will do.
///
/// The child must live, and must not be moved, until the handler has been called or destroyed. A
/// child is not to be used by two threads at a time: where several run the context, its waits
/// belong on a strand. While it waits, an operation holds two file descriptors. It has closed them,
/// and destroyed its timer, before the handler is called.
///
/// The handler is not called before this function returns, unless the handler has an immediate
/// executor (Asio 1.27, Boost 1.82): a wait that is over at once, or fails at once, dispatches it
/// there.
///
/// Linux 5.4. See pidfd_open(2), waitid(2).
///
/// \errors passed to the handler:
/// | errno     | `pidfd_errc`        | when |
/// | --------- | ------------------- | ---- |
/// | ECANCELED |                     | cancelled: Asio's `operation_aborted` |
/// | ECHILD    |                     | as for `child::wait` |
/// | EBADF     |                     | the child's handle is empty |
/// | EMFILE, ENFILE, ENOMEM, ENOSPC | | no file descriptor left, or no room in epoll(7) |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_wait(const Executor& executor, child& process, Token&& token) {
    return asio_detail::start_wait(
        std::make_shared<asio_detail::readiness<Executor>>(executor, process),
        asio_detail::status_goal{&process}, std::forward<Token>(token));
}
/// The same, with handlers on the context's executor.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_wait(Context& context, child& process, Token&& token) {
    return pidfd_util::async_wait(context.get_executor(), process, std::forward<Token>(token));
}

/// Waits until the process has ended, and calls the handler with an `error_code`. The process need
/// not be a child; it is left to be reaped. The operation has a duplicate of the pidfd: the view
/// need not live longer than the call. For the rest as `async_wait`.
///
/// Linux 5.3. See pidfd_open(2), poll(2).
///
/// \errors passed to the handler:
/// | errno     | `pidfd_errc`  | when |
/// | --------- | ------------- | ---- |
/// | ECANCELED |               | cancelled: Asio's `operation_aborted` |
/// | EBADFD    | `not_a_pidfd` | the file descriptor is something else |
/// | EBADF     |               | the handle is empty or closed |
/// | EMFILE, ENFILE, ENOMEM, ENOSPC | | no file descriptor left, or no room in epoll(7) |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_wait_exit(const Executor& executor, pidfd_view process, Token&& token) {
    return asio_detail::start_wait(
        std::make_shared<asio_detail::readiness<Executor>>(executor, process),
        asio_detail::exit_goal{}, std::forward<Token>(token));
}
/// The same, with handlers on the context's executor.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_wait_exit(Context& context, pidfd_view process, Token&& token) {
    return pidfd_util::async_wait_exit(context.get_executor(), process, std::forward<Token>(token));
}

} // namespace PIDFD_UTIL_ASIO_NAMESPACE
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
