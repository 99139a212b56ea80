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

/// The exit status that the handler of an asynchronous wait gets. If the wait has failed, it is the
/// default one, which no process can have: it has no exit code, and its signal does not exist.
class waited_status : public exit_status {
public:
    constexpr waited_status() noexcept : exit_status(from_wait_status(0x7f)) {}
    constexpr waited_status(exit_status s) noexcept : exit_status(s) {}
};

/// What the handler of an asynchronous wait with usage gets. If the wait has failed, the status is
/// that of a default `waited_status`, and the usage is all zeros.
class waited_child : public ended_child {
public:
    constexpr waited_child() noexcept : ended_child{waited_status(), {}} {}
    constexpr waited_child(const ended_child& c) noexcept : ended_child(c) {}
};

namespace asio_detail {

/// The file descriptor that Asio watches for a process: an epoll instance, which watches a
/// duplicate of the pidfd. It is readable when the pidfd is. It is not the pidfd itself, because
/// Asio puts a descriptor that it waits for into non-blocking mode, and all duplicates of a pidfd
/// share that mode, in every process. Closing or cancelling the epoll instance affects nothing of
/// the user's. Both file descriptors are closed before the handler of the last wait is called,
/// because Asio requires an operation to release its resources before it completes.
template <class Executor>
class readiness {
public:
    /// Watches a child, which outlives the waits. Its pidfd is duplicated while there are waits.
    readiness(const Executor& executor, const child& process)
        : borrowed_(process), process_(pidfd()), descriptor_(executor) {}
    /// Watches any process. Its pidfd is duplicated here, because the caller may close it.
    readiness(const Executor& executor, pidfd_view process)
        : process_(process.duplicate()), keeps_duplicate_(true), descriptor_(executor) {}

    /// Returns the duplicate, or the error of duplicating.
    [[nodiscard]] const expected<pidfd>& process() const noexcept { return *process_; }

    /// Returns how many times `cancel` was called.
    [[nodiscard]] unsigned cancelled() const noexcept { return cancelled_; }

    [[nodiscard]] Executor get_executor() noexcept { return descriptor_.get_executor(); }

    /// Counts the pending waits: `enter` when a wait begins, `leave` when one is about to complete.
    void enter() noexcept { ++waits_; }
    void leave() {
        if (--waits_ == 0)
            close();
    }

    /// Lets Asio watch the process. Does nothing if Asio does so already.
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
    // tl::expected cannot be assigned an owner if exceptions are disabled.
    std::optional<expected<pidfd>> process_;
    bool keeps_duplicate_ = false;
    descriptor descriptor_;
    unsigned waits_ = 0;
    unsigned cancelled_ = 0;
};

/// The goal of a wait for a child's status, or for its status and usage. `With` is empty or
/// `with_usage_t`.
template <class Result, class... With>
struct child_goal {
    using signature = void(asio_error, Result);

    /// Returns whether the wait is over, with a result or an error.
    bool reached(asio_error& error, const expected<pidfd>&) noexcept {
        const auto ended = process->try_wait(With()...);
        if (!ended)
            error = to_asio(ended.error());
        else if (*ended)
            result = **ended;
        return !ended || *ended;
    }
    template <class Self>
    void complete(Self& self, const asio_error& error) {
        self.complete(error, error ? Result() : result);
    }

    child* process;
    Result result = {};
};
using status_goal = child_goal<waited_status>;
using usage_goal = child_goal<waited_child, with_usage_t>;

/// The goal of a wait for the end of a process, which need not be a child.
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

/// Resumes a composed operation that is over at once, so that it completes. The handler's immediate
/// executor may run it before the function that started the operation returns. Without one, and in
/// Asio before 1.27, it is posted.
template <class Self, class Executor>
void resume_later(Self& self, const Executor& executor) {
#if PIDFD_UTIL_ASIO_VERSION >= 102700
    const auto immediate = net::get_associated_immediate_executor(self, executor);
    net::dispatch(immediate, (std::move)(self));
#else
    net::post(executor, (std::move)(self));
#endif
}

/// The composed operation: checks the goal, waits for readiness, and checks again. If the process
/// was ready but the goal is not reached, it pauses first.
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
            // If Asio has cancelled this wait, `error` is set, and no status is taken. If the
            // cancellation came too late for Asio, the wait still returns a status that is
            // available, and is cancelled here otherwise.
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

    // Moving `self` moves this object, too. The functions below therefore take references to what
    // they still need before they move it.

    template <class Self>
    void finish_later(Self& self) {
        step_ = step::finishing;
        asio_detail::resume_later(self, source_->get_executor());
    }

    template <class Self>
    void wait(Self& self) {
        step_ = step::waiting;
        readiness<Executor>& source = *source_;
        source.wait((std::move)(self));
    }

    /// Waits for a moment. The process is ready, but its status is not available yet, for example
    /// because a tracer has to wait for it first. The descriptor stays ready, so that waiting for
    /// it would spin.
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
    /// Accepts every type of cancellation, because a cancelled wait has changed nothing.
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
