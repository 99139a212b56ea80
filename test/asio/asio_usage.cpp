// SPDX-License-Identifier: MIT
// Asynchronous waits that return what the child has used; built for standalone Asio, and again for
// Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <optional>
#include <utility>

using namespace pidfd_util;
using support::errno_of;
using support::worker;

namespace {

struct heard_usage {
    int calls = 0;
    net_error error;
    std::optional<ended_child> ended;

    auto handler() {
        return [this](net_error e, const ended_child& c) {
            ++calls;
            error = e;
            ended = c;
        };
    }
};

} // namespace

TEST_CASE("async_wait with usage gives the status and the usage, and the child stores both") {
    net::io_context io;
    worker w;
    heard_usage got;
    async_wait(io, w.process, with_usage, got.handler());
    io.poll();
    CHECK(got.calls == 0);
    w.go();
    io.restart();
    io.run();
    REQUIRE(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.ended->status.code() == 3);
    CHECK(got.ended->usage.peak_resident > 0);
    REQUIRE(w.process.usage());
    CHECK(w.process.usage()->peak_resident == got.ended->usage.peak_resident);
    CHECK(w.process.wait(with_usage)->usage.minor_faults == got.ended->usage.minor_faults);
}

TEST_CASE("async_wait with usage gives a future, on an executor too") {
    net::io_context io;
    worker w;
    auto ended = async_wait(io.get_executor(), w.process, with_usage, net::use_future);
    w.go();
    io.run();
    const waited_child got = ended.get();
    CHECK(got.status.code() == 3);
    CHECK(got.usage.peak_resident > 0);
}

TEST_CASE("a waiter's wait with usage can be cancelled, and the usage is not lost") {
    net::io_context io;
    worker w;
    child_waiter<net::io_context::executor_type> waiter(io.get_executor(), w.process);
    heard_usage cancelled;
    waiter.async_wait(with_usage, cancelled.handler());
    io.poll();
    waiter.cancel();
    io.restart();
    io.run();
    REQUIRE(cancelled.calls == 1);
    CHECK(cancelled.error == net::error::operation_aborted);
    CHECK_FALSE(cancelled.ended->status.code());
    CHECK(cancelled.ended->usage.peak_resident == 0);
    w.go();
    REQUIRE(w.process.wait());
    CHECK(w.process.usage());
}

TEST_CASE("async_wait with usage fails if the child was reaped before usage was asked for") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    heard_usage got;
    async_wait(io, w.process, with_usage, got.handler());
    CHECK(got.calls == 0);
    io.run();
    CHECK(got.calls == 1);
    CHECK(errno_of(got.error) == ENODATA);
}
