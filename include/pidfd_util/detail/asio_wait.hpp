// SPDX-License-Identifier: MIT
// The composed operation behind every asynchronous wait.
//
// std::move stands in parentheses here: some curses.h define a function-like macro of that name.
#ifndef PIDFD_UTIL_DETAIL_ASIO_WAIT_HPP
#define PIDFD_UTIL_DETAIL_ASIO_WAIT_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/detail/asio_flavour.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <sys/epoll.h>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
inline namespace PIDFD_UTIL_ASIO_NAMESPACE {

/// The status in an asynchronous wait's handler. Asio makes one of nothing beside an error: that
/// is the status of no process, which has neither an exit code nor a signal that there is.
class waited_status : public exit_status {
public:
    constexpr waited_status() noexcept : exit_status(from_wait_status(0x7f)) {}
    constexpr waited_status(exit_status s) noexcept : exit_status(s) {}
};

namespace asio_detail {

/// What Asio watches. A descriptor that Asio waits for is put into non-blocking mode, and for a
/// pidfd that would be the mode of all its duplicates, in every process that has one. So Asio gets
/// an epoll instance instead, in which a duplicate of the pidfd is: it is readable when the pidfd
/// is, and nobody else's. Closing or cancelling one of them touches nothing of the user's.
/// Both file descriptors are closed before the handler of the last wait is called: Asio's rule is
/// that an operation releases what it has and completes then.
template <class Executor>
class readiness {
public:
    /// Waits for a child, which outlives the waits. Its pidfd is duplicated while there are any.
    readiness(const Executor& executor, const child& process)
        : borrowed_(process), process_(pidfd()), descriptor_(executor) {}
    /// Waits for any process. Its pidfd is duplicated now, because the caller may close it.
    readiness(const Executor& executor, pidfd_view process)
        : process_(process.duplicate()), keeps_duplicate_(true), descriptor_(executor) {}

    /// The duplicate, or why there is none.
    [[nodiscard]] const expected<pidfd>& process() const noexcept { return *process_; }

    /// How often `cancel` was called.
    [[nodiscard]] unsigned cancelled() const noexcept { return cancelled_; }

    [[nodiscard]] Executor get_executor() noexcept { return descriptor_.get_executor(); }

    /// Counts a wait that begins, and one that is about to complete.
    void enter() noexcept { ++waits_; }
    void leave() {
        if (--waits_ == 0)
            close();
    }

    /// Lets Asio watch the process. Nothing happens the second time.
    asio_error open() {
        if (descriptor_.is_open())
            return {};
        if (!keeps_duplicate_)
            process_.emplace(borrowed_.duplicate());
        if (!process())
            return to_asio(process().error());
        unique_fd epoll(::epoll_create1(EPOLL_CLOEXEC));
        epoll_event event{};
        event.events = EPOLLIN;
        if (!epoll || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, process()->fd(), &event) != 0)
            return to_asio({errno, pidfd_category()});
        asio_error error;
        descriptor_.assign(epoll.get(), error);
        if (!error)
            (void)epoll.release();
        return error;
    }

    template <class Handler>
    void wait(Handler&& handler) {
        descriptor_.async_wait(descriptor::wait_read, std::forward<Handler>(handler));
    }

    void cancel() {
        ++cancelled_;
        asio_error ignored;
        descriptor_.cancel(ignored);
    }

private:
    using descriptor = net::posix::basic_stream_descriptor<Executor>;

    void close() {
        asio_error ignored;
        descriptor_.close(ignored);
        if (!keeps_duplicate_)
            process_.emplace(pidfd());
    }

    pidfd_view borrowed_;
    // tl::expected cannot be assigned an owner where there are no exceptions.
    std::optional<expected<pidfd>> process_;
    bool keeps_duplicate_ = false;
    descriptor descriptor_;
    unsigned waits_ = 0;
    unsigned cancelled_ = 0;
};

/// Waits for a child's status.
struct status_goal {
    using signature = void(asio_error, waited_status);

    /// Whether there is nothing left to wait for.
    bool reached(asio_error& error, const expected<pidfd>&) noexcept {
        const auto ended = process->try_wait();
        if (!ended)
            error = to_asio(ended.error());
        else if (*ended)
            status = **ended;
        return !ended || *ended;
    }
    template <class Self>
    void complete(Self& self, const asio_error& error) {
        self.complete(error, error ? waited_status() : status);
    }

    child* process;
    waited_status status = {};
};

/// Waits until a process has ended, whosever child it is.
struct exit_goal {
    using signature = void(asio_error);

    bool reached(asio_error& error, const expected<pidfd>& process) noexcept {
        const auto alive =
            process ? process->is_alive() : expected<bool>(unexpected(process.error()));
        if (!alive)
            error = to_asio(alive.error());
        return !alive || !*alive;
    }
    template <class Self>
    void complete(Self& self, const asio_error& error) {
        self.complete(error);
    }
};

/// Looks, waits for readiness, looks again; and pauses, where readiness was a false hint.
template <class Executor, class Goal>
class wait_operation {
public:
    wait_operation(std::shared_ptr<readiness<Executor>> source, Goal goal)
        : source_((std::move)(source)), goal_(goal), cancelled_before_(source_->cancelled()) {}

    template <class Self>
    void operator()(Self& self, asio_error error = {}) {
        switch (step_) {
        case step::start:
            accept_cancellation(self);
            source_->enter();
            if (goal_.reached(error_, source_->process()) || (error_ = source_->open()))
                return finish_later(self);
            return wait(self);
        case step::waiting:
            // Cancelled while it waited, or by a `cancel` that came too late for the wait. A status
            // is not taken then, and one that is here already is not lost: the child has it.
            if (error || goal_.reached(error, source_->process()))
                return finish(self, error);
            if (is_cancelled(self))
                return finish(self, net::error::operation_aborted);
            return pause(self);
        case step::finishing:
            return finish(self, error_);
        }
    }

private:
    using clock = std::chrono::steady_clock;
    using timer = net::basic_waitable_timer<clock, net::wait_traits<clock>, Executor>;
    enum class step : unsigned char { start, waiting, finishing };

    template <class Self>
    void finish(Self& self, const asio_error& error) {
        timer_.reset();
        source_->leave();
        source_.reset();
        goal_.complete(self, error);
    }

    // Moving `self` moves this object: whatever the wait is asked of must stay where it is, so it
    // is referred to before.

#if PIDFD_UTIL_ASIO_VERSION >= 102700
    /// A handler runs inside of the function that it was given to only if its immediate executor
    /// says so; otherwise that executor posts.
    template <class Self>
    void finish_later(Self& self) {
        step_ = step::finishing;
        const Executor executor = source_->get_executor();
        const auto immediate = net::get_associated_immediate_executor(self, executor);
        net::dispatch(immediate, (std::move)(self));
    }
#else
    /// A handler never runs inside of the function that it was given to.
    template <class Self>
    void finish_later(Self& self) {
        step_ = step::finishing;
        const Executor executor = source_->get_executor();
        net::post(executor, (std::move)(self));
    }
#endif

    template <class Self>
    void wait(Self& self) {
        step_ = step::waiting;
        readiness<Executor>& source = *source_;
        source.wait((std::move)(self));
    }

    /// The process is readable, yet its status is not to be had: a tracer has to wait for it
    /// first, say. The descriptor stays ready and would make the loop spin.
    template <class Self>
    void pause(Self& self) {
        constexpr std::chrono::milliseconds shortest(1);
        constexpr std::chrono::milliseconds longest(64);
        if (!timer_)
            timer_ = std::make_unique<timer>(source_->get_executor());
        pause_ = std::clamp(2 * pause_, shortest, longest);
        timer& t = *timer_;
        t.expires_after(pause_);
        t.async_wait((std::move)(self));
    }

#if PIDFD_UTIL_ASIO_VERSION >= 101900
    /// A wait that is given up has changed nothing: every type of cancellation will do.
    template <class Self>
    void accept_cancellation(Self& self) {
        self.reset_cancellation_state(net::enable_total_cancellation());
    }
    template <class Self>
    [[nodiscard]] bool is_cancelled(Self& self) const {
        return self.get_cancellation_state().cancelled() != net::cancellation_type::none ||
               source_->cancelled() != cancelled_before_;
    }
#else
    template <class Self>
    void accept_cancellation(Self&) {}
    template <class Self>
    [[nodiscard]] bool is_cancelled(Self&) const {
        return source_->cancelled() != cancelled_before_;
    }
#endif

    std::shared_ptr<readiness<Executor>> source_;
    std::unique_ptr<timer> timer_;
    std::chrono::milliseconds pause_{0};
    asio_error error_;
    Goal goal_;
    unsigned cancelled_before_;
    step step_ = step::start;
};

template <class Executor, class Goal, class Token>
auto start_wait(std::shared_ptr<readiness<Executor>> source, Goal goal, Token&& token) {
    const Executor executor = source->get_executor();
    return net::async_compose<Token, typename Goal::signature>(
        wait_operation<Executor, Goal>((std::move)(source), goal), token, executor);
}

} // namespace asio_detail
} // namespace PIDFD_UTIL_ASIO_NAMESPACE
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
