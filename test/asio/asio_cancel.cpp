// SPDX-License-Identifier: MIT
// Asynchronous waits that are cancelled or fail; built for standalone Asio, and again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"

#include <cerrno>
#include <memory>
#include <unistd.h>

using namespace pidfd_util;
using support::errno_of;
using support::heard;
using support::worker;

TEST_CASE("cancelling a waiter aborts its waits, and the child keeps its status") {
    net::io_context io;
    worker w;
    heard first;
    heard second;
    child_waiter waiter(io.get_executor(), w.process);
    waiter.async_wait(first.handler());
    waiter.async_wait(second.handler());
    io.poll();
    w.go();
    w.owner.wait_for_end();
    waiter.cancel();
    io.restart();
    io.run();
    // The child may have ended before the cancellation. Then the wait returns the status. In
    // neither case is the status lost.
    CHECK((first.aborted() || first.exited_with(3)));
    CHECK((second.aborted() || second.exited_with(3)));
    heard again;
    waiter.async_wait(again.handler());
    io.restart();
    io.run();
    CHECK(again.exited_with(3));
}

TEST_CASE("a wait for a child that runs on is aborted by cancel, and by the end of the waiter") {
    net::io_context io;
    worker w;
    heard cancelled;
    heard destroyed;
    heard replaced;
    {
        child_waiter waiter(io.get_executor(), w.process);
        waiter.async_wait(cancelled.handler());
        waiter.cancel();
        child_waiter other(io.get_executor(), w.process);
        other.async_wait(replaced.handler());
        other = std::move(waiter);
        other.async_wait(destroyed.handler());
    }
    io.run();
    CHECK(cancelled.aborted());
    CHECK(destroyed.aborted());
    CHECK(replaced.aborted());
    CHECK(!*w.process.try_wait());
    w.go();
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("a waiter for the end of any process can be cancelled and used again") {
    net::io_context io;
    worker w;
    heard cancelled;
    heard again;
    exit_waiter waiter(io.get_executor(), pidfd_view(w.process));
    waiter.async_wait_exit(cancelled.exit_handler());
    waiter.cancel();
    io.run();
    CHECK(cancelled.aborted());
    waiter.async_wait_exit(again.exit_handler());
    w.go();
    io.restart();
    io.run();
    CHECK((again.calls == 1 && !again.error));
}

#if PIDFD_UTIL_ASIO_VERSION >= 101900
TEST_CASE("a cancellation slot aborts the wait, by every type of cancellation") {
    for (const auto type : {net::cancellation_type::terminal, net::cancellation_type::partial,
                            net::cancellation_type::total}) {
        net::io_context io;
        worker w;
        heard status;
        heard end;
        net::cancellation_signal stop_status;
        net::cancellation_signal stop_end;
        async_wait(io, w.process,
                   net::bind_cancellation_slot(stop_status.slot(), status.handler()));
        async_wait_exit(io, pidfd_view(w.process),
                        net::bind_cancellation_slot(stop_end.slot(), end.exit_handler()));
        io.poll();
        stop_status.emit(type);
        stop_end.emit(type);
        io.restart();
        io.run();
        CHECK(status.aborted());
        CHECK(end.aborted());
        CHECK(!w.process.status());
        w.go();
        CHECK(w.process.wait()->code() == 3);
    }
}
#endif

TEST_CASE(
    "a wait that is pending when the context is destroyed neither leaks nor calls its handler") {
    worker w;
    const int before = support::count_fds();
    heard got;
    heard end;
    {
        auto io = std::make_unique<net::io_context>();
        async_wait(*io, w.process, got.handler());
        async_wait_exit(*io, pidfd_view(w.process), end.exit_handler());
        io->poll();
        CHECK(support::count_fds() > before);
    }
    CHECK(got.calls == 0);
    CHECK(end.calls == 0);
    CHECK(support::count_fds() == before);
    w.go();
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("a waiter may outlive the run of its context, and its handler may destroy it") {
    net::io_context io;
    worker w;
    heard got;
    auto waiter = std::make_unique<child_waiter<net::io_context::executor_type>>(io.get_executor(),
                                                                                 w.process);
    waiter->async_wait([&](net_error e, exit_status s) {
        waiter.reset();
        got.handler()(e, s);
    });
    w.go();
    io.run();
    CHECK(got.exited_with(3));
}

TEST_CASE("asynchronous waits leak no file descriptor") {
    net::io_context io;
    {
        worker warm_up;
        heard got;
        async_wait(io, warm_up.process, got.handler());
        warm_up.go();
        io.run();
    }
    const int before = support::count_fds();
    for (int i = 0; i < 50; ++i) {
        worker w;
        heard first;
        heard cancelled;
        async_wait(io, w.process, first.handler());
        {
            child_waiter waiter(io.get_executor(), w.process);
            waiter.async_wait(cancelled.handler());
        }
        w.go();
        io.restart();
        io.run();
        CHECK(first.exited_with(3));
        CHECK(cancelled.aborted());
    }
    CHECK(support::count_fds() == before);
}

TEST_CASE("an asynchronous wait without a free file descriptor fails, and the child can still be "
          "waited for") {
    struct facts {
        int error;
        int later;
    };
    support::surroundings few;
    few.file_limit = 20;
    const auto got = support::isolated(few, [] {
        worker w;
        net::io_context io;
        const net::steady_timer timer(io); // creates the file descriptors of the context itself
        while (dup(0) >= 0) {
            // until none is left
        }
        facts f{};
        async_wait(io, w.process, [&](net_error e, exit_status) { f.error = errno_of(e); });
        io.restart();
        io.run();
        w.go();
        f.later = w.process.wait()->code().value_or(-1);
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == EMFILE);
    CHECK(got->later == 3);
}
