// SPDX-License-Identifier: MIT
// The resources that an asynchronous wait has released when its handler is called, and the executor
// on which a wait that is over at once completes. Built for standalone Asio, and again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"
#include "support/fds.hpp"

#include <cerrno>
#include <thread>

using namespace pidfd_util;
using support::count_fds;
using support::errno_of;
using support::heard;
using support::worker;

namespace {

/// A context that has created its own file descriptors.
struct warm_context : net::io_context {
    warm_context() {
        worker w;
        heard got;
        async_wait(*this, w.process, got.handler());
        w.go();
        run();
        restart();
    }
};

/// The state at the time of the handler's call.
struct seen {
    int calls = 0;
    int fds = -1;
    int error = 0;

    auto handler() {
        return [this](net_error e, auto...) {
            ++calls;
            fds = count_fds();
            error = errno_of(e);
        };
    }
};

} // namespace

TEST_CASE("an asynchronous wait has closed its file descriptors when its handler is called") {
    warm_context io;
    worker w;
    const int before = count_fds();
    seen status;
    async_wait(io, w.process, status.handler());
    io.poll();
    CHECK(count_fds() == before + 2);
    w.go();
    const int gone = count_fds() - 2; // the wait's two; the worker's pipe may have closed with it
    io.restart();
    io.run();
    CHECK(status.calls == 1);
    CHECK(status.error == 0);
    CHECK(status.fds == gone);

    worker other;
    const int idle = count_fds();
    seen end;
    async_wait_exit(io, pidfd_view(other.process), end.handler());
    io.restart();
    io.poll();
    CHECK(count_fds() == idle + 2);
    REQUIRE(other.process.kill());
    io.restart();
    io.run();
    CHECK(end.calls == 1);
    CHECK(end.fds == idle);
}

TEST_CASE("an asynchronous wait that is over at once has also closed its file descriptors") {
    warm_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    const int before = count_fds();
    seen status;
    seen end;
    async_wait(io, w.process, status.handler());
    io.run();
    async_wait_exit(io, pidfd_view(w.process), end.handler());
    io.restart();
    io.run();
    CHECK(status.calls == 1);
    CHECK(status.fds == before);
    CHECK(end.calls == 1);
    CHECK(end.fds == before);
}

TEST_CASE("an asynchronous wait that fails has also closed its file descriptors") {
    warm_context io;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const int before = count_fds();
    child none;
    seen status;
    seen end;
    async_wait(io, none, status.handler());
    io.run();
    async_wait_exit(io, pidfd_view(ends[0]), end.handler());
    io.restart();
    io.run();
    CHECK(status.error == EBADF);
    CHECK(status.fds == before);
    CHECK(end.error == EBADFD);
    CHECK(end.fds == before);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a waiter's last wait closes the file descriptors, also when it is cancelled") {
    warm_context io;
    worker w;
    const int before = count_fds();
    child_waiter status_waiter(io.get_executor(), w.process);
    CHECK(count_fds() == before);
    exit_waiter end_waiter(io.get_executor(), pidfd_view(w.process));
    const int idle = count_fds();
    CHECK(idle == before + 1);
    for (int round = 0; round < 2; ++round) {
        seen first;
        seen second;
        seen end;
        status_waiter.async_wait(first.handler());
        status_waiter.async_wait(second.handler());
        io.restart();
        io.poll();
        CHECK(count_fds() == idle + 2);
        status_waiter.cancel();
        io.restart();
        io.run();
        CHECK(first.error == ECANCELED);
        CHECK(second.error == ECANCELED);
        CHECK(second.fds == idle);
        end_waiter.async_wait_exit(end.handler());
        end_waiter.cancel();
        io.restart();
        io.run();
        CHECK(end.error == ECANCELED);
        CHECK(end.fds == idle);
    }
}

#if PIDFD_UTIL_ASIO_VERSION >= 101900
TEST_CASE("a wait that a cancellation slot ends has closed its file descriptors") {
    warm_context io;
    worker w;
    const int before = count_fds();
    seen status;
    net::cancellation_signal stop;
    async_wait(io, w.process, net::bind_cancellation_slot(stop.slot(), status.handler()));
    io.poll();
    CHECK(count_fds() == before + 2);
    stop.emit(net::cancellation_type::terminal);
    io.restart();
    io.run();
    CHECK(status.error == ECANCELED);
    CHECK(status.fds == before);
}
#endif

#if PIDFD_UTIL_ASIO_VERSION >= 102700
TEST_CASE("a wait that is over at once completes on the handler's immediate executor") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    child none;
    heard known;
    heard failed;
    heard end;
    bool within = false;
    net::post(io, [&] {
        const net::system_executor here;
        async_wait(io, w.process, net::bind_immediate_executor(here, known.handler()));
        async_wait(io, none, net::bind_immediate_executor(here, failed.handler()));
        async_wait_exit(io, pidfd_view(w.process),
                        net::bind_immediate_executor(here, end.exit_handler()));
        within = known.calls == 1 && failed.calls == 1 && end.calls == 1;
    });
    io.run();
    CHECK(within);
    CHECK(known.exited_with(3));
    CHECK(errno_of(failed.error) == EBADF);
    CHECK(!end.error);
}

TEST_CASE("a handler with an immediate executor and a strand runs on the strand") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    const auto strand = net::make_strand(io);
    bool on_strand = false;
    async_wait(io, w.process,
               net::bind_executor(strand, net::bind_immediate_executor(
                                              net::system_executor(), [&](net_error, exit_status) {
                                                  on_strand = strand.running_in_this_thread();
                                              })));
    CHECK(!on_strand);
    io.run();
    CHECK(on_strand);
}
#endif

TEST_CASE("a handler without an immediate executor is not called before the function returns") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    heard known;
    bool within = true;
    net::post(io, [&] {
        async_wait(io, w.process, known.handler());
        within = known.calls != 0;
    });
    io.run();
    CHECK(!within);
    CHECK(known.exited_with(3));
}
