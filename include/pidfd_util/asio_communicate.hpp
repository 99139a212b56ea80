// SPDX-License-Identifier: MIT
// `communicate` as an asynchronous operation of Asio. See asio.hpp for which Asio it uses, and for
// what it needs.
#ifndef PIDFD_UTIL_ASIO_COMMUNICATE_HPP
#define PIDFD_UTIL_ASIO_COMMUNICATE_HPP

#include <pidfd_util/asio.hpp>
#include <pidfd_util/communicate.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
inline namespace PIDFD_UTIL_ASIO_NAMESPACE {
namespace asio_detail {

/// One exchange. Asio watches an epoll instance, which watches the process, the ends of the pipes,
/// and a timer for the time of grace.
template <class Executor>
class exchange_state {
public:
    exchange_state(const Executor& executor, const pidfd_identity& process, stream_ends& ends,
                   stream_exchange& e)
        : process_(process), ends_(ends), exchange_(e), descriptor_(executor) {}

    /// Moves what can be moved now. Returns whether the exchange is over, with a result or an error.
    [[nodiscard]] bool advance(asio_error& error) {
        const auto moved =
            pidfd_util::detail::communicate_before(abi::at_once, process_, ends_, exchange_);
        if (!moved) {
            if (moved.error() == std::errc::timed_out)
                return false;
            error = to_asio(moved.error());
            return true;
        }
        end_ = *moved;
        if (end_ == exchange_end::complete)
            return true;
        // The process has ended, but its output has not.
        const bool begins = grace_end_ == 0;
        if (begins)
            grace_end_ = pidfd_util::detail::to_deadline(exchange_.grace);
        const auto now = pidfd_util::detail::to_deadline(std::chrono::steady_clock::now());
        if (now >= grace_end_) // even if there is no file descriptor left for a timer
            return true;
        if (begins)
            error = start_grace();
        return static_cast<bool>(error);
    }

    /// Lets Asio watch everything.
    [[nodiscard]] asio_error open() {
        unique_fd epoll(::epoll_create1(EPOLL_CLOEXEC));
        if (!epoll)
            return to_asio({errno, pidfd_category()});
        asio_error error;
        if (grace_end_ == 0)
            error = add(epoll.get(), process_.fd(), EPOLLIN);
        else if (timer_)
            error = add(epoll.get(), timer_.get(), EPOLLIN);
        if (!error && ends_.input)
            error = add(epoll.get(), ends_.input.get(), EPOLLOUT);
        for (const unique_fd* end : {&ends_.output, &ends_.error})
            if (!error && *end)
                error = add(epoll.get(), end->get(), EPOLLIN);
        if (!error)
            descriptor_.assign(epoll.get(), error);
        if (!error)
            (void)epoll.release();
        watched_ends_ = count_ends();
        return error;
    }

    /// Watches anew if an end was closed. The kernel goes on watching it if another process has a
    /// duplicate of it, for example after a fork, and would report its end again and again.
    [[nodiscard]] asio_error forget_closed() {
        asio_error error;
        if (count_ends() == watched_ends_)
            return error;
        descriptor_.close(error);
        return error ? error : open();
    }

    template <class Handler>
    void wait(Handler&& handler) {
        descriptor_.async_wait(net::posix::basic_stream_descriptor<Executor>::wait_read,
                               std::forward<Handler>(handler));
    }

    [[nodiscard]] Executor get_executor() noexcept { return descriptor_.get_executor(); }
    [[nodiscard]] exchange_end end() const noexcept { return end_; }

private:
    [[nodiscard]] int count_ends() const noexcept {
        return (ends_.input ? 1 : 0) + (ends_.output ? 1 : 0) + (ends_.error ? 1 : 0);
    }

    [[nodiscard]] static asio_error add(int epoll, int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            return to_asio({errno, pidfd_category()});
        return {};
    }

    /// Watches a timer in place of the process, which stays readable.
    [[nodiscard]] asio_error start_grace() {
        if (grace_end_ != abi::never) {
            timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
            constexpr std::int64_t second = 1'000'000'000;
            itimerspec when{};
            when.it_value.tv_sec = static_cast<std::time_t>(grace_end_ / second);
            when.it_value.tv_nsec = static_cast<long>(grace_end_ % second);
            if (!timer_ || ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0)
                return to_asio({errno, pidfd_category()});
        }
        if (!descriptor_.is_open())
            return {};
        const int epoll = descriptor_.native_handle();
        (void)::epoll_ctl(epoll, EPOLL_CTL_DEL, process_.fd(), nullptr);
        return timer_ ? add(epoll, timer_.get(), EPOLLIN) : asio_error();
    }

    const pidfd_identity& process_;
    stream_ends& ends_;
    stream_exchange& exchange_;
    net::posix::basic_stream_descriptor<Executor> descriptor_;
    unique_fd timer_;
    std::int64_t grace_end_ = 0; // 0: the process has not ended
    exchange_end end_{};
    int watched_ends_ = 0;
};

/// The composed operation.
template <class Executor>
class exchange_operation {
public:
    explicit exchange_operation(std::unique_ptr<exchange_state<Executor>> state)
        : state_((std::move)(state)) {}

    template <class Self>
    void operator()(Self& self, asio_error error = {}) {
        switch (step_) {
        case step::start:
            accept_cancellation(self);
            if (state_->advance(error_) || (error_ = cancelled(self)) || (error_ = state_->open()))
                return finish_later(self);
            break;
        case step::waiting:
            // Asio cancels only a wait that is pending. A cancellation that comes while this
            // operation runs, or before it does, is noticed here.
            if (error || state_->advance(error) || (error = cancelled(self)) ||
                (error = state_->forget_closed()))
                return finish(self, error);
            break;
        case step::finishing:
            return finish(self, error_);
        }
        step_ = step::waiting;
        exchange_state<Executor>& state = *state_;
        state.wait((std::move)(self)); // moves this object, too
    }

private:
    enum class step : unsigned char { start, waiting, finishing };

    /// Releases the resources, and calls the handler.
    template <class Self>
    void finish(Self& self, const asio_error& error) {
        const exchange_end end = state_->end();
        state_.reset();
        self.complete(error, end);
    }

    template <class Self>
    void finish_later(Self& self) {
        step_ = step::finishing;
        asio_detail::resume_later(self, state_->get_executor());
    }

#if PIDFD_UTIL_ASIO_VERSION >= 101900
    template <class Self>
    void accept_cancellation(Self& self) {
        self.reset_cancellation_state(net::enable_total_cancellation());
    }
    /// Returns `operation_aborted` if the operation was cancelled.
    template <class Self>
    [[nodiscard]] static asio_error cancelled(Self& self) {
        const bool is = self.get_cancellation_state().cancelled() != net::cancellation_type::none;
        return is ? asio_error(net::error::operation_aborted) : asio_error();
    }
#else
    template <class Self>
    void accept_cancellation(Self&) {}
    template <class Self>
    [[nodiscard]] static asio_error cancelled(Self&) {
        return {};
    }
#endif

    std::unique_ptr<exchange_state<Executor>> state_;
    asio_error error_;
    step step_ = step::start;
};

template <class Executor, class Token>
auto start_exchange(std::unique_ptr<exchange_state<Executor>> state, Token&& token) {
    const Executor executor = state->get_executor();
    return net::async_compose<Token, void(asio_error, exchange_end)>(
        exchange_operation<Executor>((std::move)(state)), token, executor);
}

} // namespace asio_detail

/// Does the same as `communicate`, asynchronously, and calls the handler with an `error_code` and an
/// `exchange_end`. All three objects must live, and must not be moved, until the handler is called.
/// The functions of sinks are called by the threads that run the executor. If there is something to
/// read at the start, they are also called by the calling thread.
///
/// A cancelled operation has lost no byte: `communicate` or `async_communicate` can be called again
/// with the same objects. For example, a timer can cancel the operation, the program can stop the
/// process, and a second exchange can read the rest. All types of cancellation are supported, also
/// from the function of a sink.
///
/// The operation has closed its file descriptors when the handler is called. The handler is not called
/// before `async_communicate` returns, unless it has an immediate executor (Asio 1.27, Boost 1.82): an
/// exchange that ends or fails at once dispatches the handler there.
///
/// Linux 5.4. See `communicate`, epoll(7), timerfd_create(2).
///
/// \errors passed to the handler: as for `communicate`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ECANCELED | the operation was cancelled: Asio's `operation_aborted`; or as for `communicate` |
/// | EMFILE, ENFILE, ENOMEM, ENOSPC | no file descriptor left, or the kernel cannot make an epoll(7) instance or a timer, or add a file descriptor |
template <class Executor, class Token,
          std::enable_if_t<!asio_detail::is_context<Executor>, int> = 0>
auto async_communicate(const Executor& executor, const pidfd_identity& process, stream_ends& ends,
                       stream_exchange& e, Token&& token) {
    return asio_detail::start_exchange(
        std::make_unique<asio_detail::exchange_state<Executor>>(executor, process, ends, e),
        std::forward<Token>(token));
}
/// Does the same as `async_communicate` with an executor. The handler runs on the executor of the
/// context.
template <class Context, class Token, std::enable_if_t<asio_detail::is_context<Context>, int> = 0>
auto async_communicate(Context& context, const pidfd_identity& process, stream_ends& ends,
                       stream_exchange& e, Token&& token) {
    return pidfd_util::async_communicate(context.get_executor(), process, ends, e,
                                         std::forward<Token>(token));
}

} // namespace PIDFD_UTIL_ASIO_NAMESPACE
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
