// SPDX-License-Identifier: MIT
// Waits for a child with a time limit in an Asio coroutine. When the limit has passed, the wait is
// cancelled, and the child is asked to end and then killed.
#include <pidfd_util/pidfd_util.hpp>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <pidfd_util/asio.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using pidfd_util::child;
using pidfd_util::pidfd_view;

namespace {

/// Returns when the process has ended.
asio::awaitable<void> wait_or_stop(child& process, std::chrono::milliseconds limit) {
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    for (const int signal : {0, SIGTERM, SIGKILL}) {
        if (signal != 0)
            (void)process.send_signal(signal); // it may have ended by now
        timer.expires_after(limit);
        // Whichever is over first cancels the other.
        const auto first =
            co_await(async_wait_exit(executor, pidfd_view(process), asio::use_awaitable) ||
                     timer.async_wait(asio::use_awaitable));
        if (first.index() == 0)
            co_return;
    }
    co_await async_wait_exit(executor, pidfd_view(process), asio::use_awaitable);
}

} // namespace

int main() try {
    // This child ignores SIGTERM.
    sigset_t ignored;
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGTERM);
    pidfd_util::spawn_options options;
    options.ignored_signals = &ignored;
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    auto process = pidfd_util::spawn(command[0], command, options);
    if (!process) {
        std::fprintf(stderr, "cannot start it: %s\n", process.error().message().c_str());
        return 1;
    }
    asio::io_context context;
    auto ended = asio::co_spawn(context, wait_or_stop(*process, 50ms), asio::use_future);
    context.run();
    ended.get(); // throws what the coroutine has thrown
    const auto status = process->wait();
    if (!status)
        return 1;
    std::printf("ended by signal %d\n", status->signal().value_or(0));
    return status->signal() == SIGKILL ? 0 : 1;
} catch (const std::exception& error) {
    std::fprintf(stderr, "cannot wait for it: %s\n", error.what());
    return 1;
}
