// SPDX-License-Identifier: MIT
// Asynchronous waits for a child that a tracer must wait for first; built for standalone Asio, and
// again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"
#include "support/idle_tracer.hpp"

#include <chrono>

using namespace pidfd_util;
using namespace std::chrono_literals;
using support::heard;
using support::worker;

TEST_CASE("a child that a tracer must wait for first is waited for without blocking or spinning") {
    net::io_context io;
    worker w;
    auto tracer = support::tracer_of(w.owner.pid());
    if (!tracer.prepared())
        SKIP_TEST("no right to trace a child");
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    REQUIRE(w.process.kill());
    REQUIRE(w.process.wait_exit());
    // The pidfd is ready, but there is no status. Each turn of the loop is a pause, so a spinning
    // loop would have made many more turns in this time.
    std::size_t turns = 0;
    const auto until = std::chrono::steady_clock::now() + 150ms;
    io.restart();
    while (std::chrono::steady_clock::now() < until)
        turns += io.run_for(50ms);
    CHECK(got.calls == 0);
    CHECK(turns < 30);
    tracer.reap();
    io.restart();
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.status->signal() == SIGKILL);
}

TEST_CASE("a wait that pauses for a tracer can be cancelled") {
    net::io_context io;
    worker w;
    auto tracer = support::tracer_of(w.owner.pid());
    if (!tracer.prepared())
        SKIP_TEST("no right to trace a child");
    heard got;
    child_waiter waiter(io.get_executor(), w.process);
    waiter.async_wait(got.handler());
    REQUIRE(w.process.kill());
    REQUIRE(w.process.wait_exit());
    while (io.poll() == 0) {
        // until the wait has found the pidfd ready, and pauses
    }
    waiter.cancel();
    io.restart();
    io.run();
    CHECK(got.aborted());
    tracer.reap();
    CHECK(w.process.wait()->signal() == SIGKILL);
}
