// SPDX-License-Identifier: MIT
// C++20 coroutines that await children, on a bare epoll instance and without any other library.
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <sys/epoll.h>

using pidfd_util::child;
using pidfd_util::exit_status;

namespace {

const pidfd_util::unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
int running = 0; // coroutines that have not ended

/// A coroutine that starts at once, and destroys itself at its end.
struct task {
    struct promise_type {
        promise_type() { ++running; }
        ~promise_type() { --running; }
        task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::abort(); }
    };
};

/// `co_await ended(process)` suspends the coroutine until the child has ended, and returns its status.
struct ended {
    explicit ended(child& c) : process(c) {}
    bool await_ready() { return poll(); }
    bool await_suspend(std::coroutine_handle<> waiting) {
        // Edge-triggered: see wait-epoll.cpp. This object lives until the coroutine is resumed.
        handle = waiting;
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.ptr = this;
        return epoll_ctl(epoll.get(), EPOLL_CTL_ADD, process.fd(), &event) == 0;
    }
    pidfd_util::expected<exit_status> await_resume() { return process.wait(); }

    /// Returns whether the wait is over: the child was reaped, or cannot be.
    bool poll() {
        const auto status = process.try_wait();
        return !status || status->has_value();
    }
    void resume_if_over() {
        if (poll()) {
            epoll_ctl(epoll.get(), EPOLL_CTL_DEL, process.fd(), nullptr);
            handle.resume();
        }
    }
    child& process;
    std::coroutine_handle<> handle;
};

task run_twice(const char* name, int& sum) {
    for (int i = 0; i < 2; ++i) {
        const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
        auto process = pidfd_util::spawn(command[0], command);
        if (!process)
            co_return;
        const auto status = co_await ended(*process);
        if (!status)
            co_return;
        sum += status->code().value_or(0);
        std::printf("%s: exit code %d\n", name, status->code().value_or(-1));
    }
}

} // namespace

int main() {
    int sum = 0;
    run_twice("one", sum);
    run_twice("two", sum);
    while (running > 0) {
        epoll_event event;
        if (epoll_wait(epoll.get(), &event, 1, -1) == 1)
            static_cast<ended*>(event.data.ptr)->resume_if_over();
    }
    return sum == 12 ? 0 : 1;
}
