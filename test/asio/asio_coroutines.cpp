// SPDX-License-Identifier: MIT
// Asynchronous waits in coroutines, as C++20; built for standalone Asio, and again for Boost's.
#include "net.hpp"
#include "support/catch.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <chrono>

#if PIDFD_UTIL_ASIO_VERSION >= 101900
#if PIDFD_UTIL_ASIO_IS_BOOST
#include <boost/asio/experimental/awaitable_operators.hpp>
#else
#include <asio/experimental/awaitable_operators.hpp>
#endif
#endif

using namespace pidfd_util;

namespace {

using net::awaitable;
using net::use_awaitable;

pidfd_util::child copy_of(support::test_child& c) {
    c.disown();
    return pidfd_util::child(*c.fd().duplicate());
}

template <class F>
auto run(net::io_context& io, F f) {
    auto result = net::co_spawn(io, std::move(f), net::use_future);
    io.run();
    return result.get();
}

} // namespace

TEST_CASE("a coroutine awaits the status of a child") {
    net::io_context io;
    auto c = support::test_child::that([] { return 3; });
    pidfd_util::child process = copy_of(c);
    c.go();
    const auto code = run(io, [&]() -> awaitable<int> {
        const exit_status status = co_await async_wait(io, process, use_awaitable);
        co_return status.code().value_or(-1);
    });
    CHECK(code == 3);
    CHECK(process.status()->code() == 3);
}

TEST_CASE("a coroutine awaits the end of any process") {
    net::io_context io;
    auto c = support::test_child::that([] { return 3; });
    c.go();
    run(io, [&]() -> awaitable<void> { co_await async_wait_exit(io, c.fd(), use_awaitable); });
    CHECK(!*c.fd().is_alive());
}

TEST_CASE("a coroutine that awaits a failing wait gets an exception") {
    net::io_context io;
    pidfd_util::child none;
    const auto value = run(io, [&]() -> awaitable<int> {
        try {
            co_await async_wait(io, none, use_awaitable);
        } catch (const net_system_error& error) {
            co_return std::error_code(error.code()).value();
        }
        co_return 0;
    });
    CHECK(value == EBADF);
}

TEST_CASE("a coroutine that is destroyed while it awaits takes no status away from the child") {
    auto c = support::test_child::that([] { return 3; });
    pidfd_util::child process = copy_of(c);
    const int before = support::count_fds();
    {
        net::io_context io;
        net::co_spawn(io, async_wait(io, process, use_awaitable), net::detached);
        io.poll();
    }
    CHECK(support::count_fds() == before);
    c.go();
    CHECK(process.wait()->code() == 3);
}

#if PIDFD_UTIL_ASIO_VERSION >= 101900
TEST_CASE("a coroutine waits for a child or a timer, whichever comes first") {
    using namespace net::experimental::awaitable_operators;
    using namespace std::chrono_literals;
    auto c = support::test_child::that([] { return 3; });
    pidfd_util::child process = copy_of(c);
    net::io_context io;
    const auto race = [&](std::chrono::milliseconds limit) -> awaitable<std::size_t> {
        net::steady_timer timer(io, limit);
        const auto first =
            co_await(async_wait(io, process, use_awaitable) || timer.async_wait(use_awaitable));
        if (const auto* status = std::get_if<0>(&first))
            CHECK(status->code() == 3);
        co_return first.index();
    };
    CHECK(run(io, [&] { return race(5ms); }) == 1);
    CHECK(!process.status());
    c.go();
    io.restart();
    CHECK(run(io, [&] { return race(1h); }) == 0);
}
#endif
