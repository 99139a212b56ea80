// SPDX-License-Identifier: MIT
// Asynchronous exchanges with a child; built for standalone Asio, and again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"

#include <pidfd_util/asio_communicate.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace std::chrono_literals;
using namespace support;

namespace {

/// A context that has the file descriptors of its own that it needs for descriptors.
struct warm_context : net::io_context {
    net::posix::stream_descriptor first{*this};
};

/// The arguments of the handler of an exchange.
struct answer {
    int calls = 0;
    net_error error;
    exchange_end end{};
    int fds = 0; // open when the handler was called

    auto handler() {
        return [this](net_error e, exchange_end x) {
            ++calls;
            error = e;
            end = x;
            fds = count_fds();
        };
    }
    bool ended_with(exchange_end x) const { return calls == 1 && !error && end == x; }
};

} // namespace

TEST_CASE("an asynchronous exchange writes the input and reads the outputs to their ends") {
    warm_context io;
    const std::string input = pattern(1'000'000);
    auto c = piped({"write", "1", "500000", "copy", "0", "say", "2", "error", "exit", "3"});
    const int fds = count_fds();
    collector output;
    collector error;
    stream_exchange e;
    e.input = input;
    e.output = sink::to(output);
    e.error = sink::to(error);
    answer a;
    async_communicate(io, c.process, c.ends, e, a.handler());
    io.run();
    CHECK(a.ended_with(exchange_end::complete));
    CHECK(output.text == pattern(500000) + input);
    CHECK(error.text == "error");
    CHECK(e.written == input.size());
    CHECK(a.fds == fds - 3); // the ends were closed, and nothing of the operation was left
    CHECK(c.process.wait()->code() == 3);
}

TEST_CASE("an exchange that is over at once calls the handler later") {
    warm_context io;
    auto c = piped({"exit", "0"}, {});
    REQUIRE(c.process.wait_exit());
    stream_exchange e;
    answer a;
    async_communicate(io.get_executor(), c.process, c.ends, e, a.handler());
    CHECK(a.calls == 0);
    io.run();
    CHECK(a.ended_with(exchange_end::complete));
    (void)c.process.wait();
}

#if PIDFD_UTIL_ASIO_VERSION >= 102700
TEST_CASE("an exchange that is over at once completes on the handler's immediate executor") {
    warm_context io;
    auto c = piped({"exit", "0"}, {});
    REQUIRE(c.process.wait_exit());
    pidfd_view none;
    const int fds = count_fds();
    stream_exchange e;
    answer known;
    answer failed;
    bool within = false;
    net::post(io, [&] {
        const net::system_executor here;
        async_communicate(io, c.process, c.ends, e,
                          net::bind_immediate_executor(here, known.handler()));
        async_communicate(io, none, c.ends, e,
                          net::bind_immediate_executor(here, failed.handler()));
        within = known.calls == 1 && failed.calls == 1;
    });
    io.run();
    CHECK(within);
    CHECK(known.ended_with(exchange_end::complete));
    CHECK(errno_of(failed.error) == EBADF);
    CHECK(known.fds == fds);
    CHECK(failed.fds == fds);
    (void)c.process.wait();
}
#endif

TEST_CASE("an exchange has closed its file descriptors when its handler is called") {
    warm_context io;
    gate g;
    auto c = piped({"leave_behind", "copy", "5"}, {{}, stream_choice::new_pipe(), {}}, g.options);
    REQUIRE(c.process.wait_exit());
    const int fds = count_fds();
    stream_exchange e;
    e.grace = 0ms;
    answer at_once; // the output is held open, and there is no time of grace
    async_communicate(io, c.process, c.ends, e, at_once.handler());
    io.run();
    CHECK(at_once.ended_with(exchange_end::output_held_open));
    CHECK(at_once.fds == fds);
    e.grace = 10ms;
    answer waited;
    async_communicate(io, c.process, c.ends, e, waited.handler());
    io.restart();
    io.poll();
    CHECK(count_fds() == fds + 2); // the epoll instance and the timer
    io.restart();
    io.run();
    CHECK(waited.ended_with(exchange_end::output_held_open));
    CHECK(waited.fds == fds);
#if PIDFD_UTIL_ASIO_VERSION >= 101900
    e.grace = std::chrono::nanoseconds::max();
    answer cancelled;
    net::cancellation_signal stop;
    async_communicate(io, c.process, c.ends, e,
                      net::bind_cancellation_slot(stop.slot(), cancelled.handler()));
    io.restart();
    io.poll();
    CHECK(count_fds() > fds);
    stop.emit(net::cancellation_type::terminal);
    io.restart();
    io.run();
    CHECK(errno_of(cancelled.error) == ECANCELED);
    CHECK(cancelled.fds == fds);
#endif
    (void)c.process.wait();
}

TEST_CASE("an asynchronous exchange ends after the time of grace if an output is held open") {
    for (const auto grace : {0ms, 30ms}) {
        warm_context io;
        gate g;
        auto c = piped({"say", "1", "mine", "leave_behind", "copy", "5"}, three_pipes(), g.options);
        const int fds = count_fds();
        collector output;
        stream_exchange e;
        e.output = sink::to(output);
        e.grace = grace;
        answer a;
        const auto start = std::chrono::steady_clock::now();
        async_communicate(io, c.process, c.ends, e, a.handler());
        io.run();
        CHECK(a.ended_with(exchange_end::output_held_open));
        CHECK(std::chrono::steady_clock::now() - start >= grace);
        CHECK(output.text == "mine");
        CHECK(a.fds == fds - 1); // the input was closed
        (void)c.process.wait();
    }
}

TEST_CASE("what is written in the time of grace is read, and the end of it is the end") {
    warm_context io;
    gate g;
    auto c = piped({"leave_behind", "copy", "5", "say", "1", "late"}, three_pipes(), g.options);
    REQUIRE(c.process.wait_exit());
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    e.grace = std::chrono::nanoseconds::max();
    answer a;
    async_communicate(io, c.process, c.ends, e, a.handler());
    io.poll();
    CHECK(a.calls == 0);
    g.open.reset();
    io.restart();
    io.run();
    CHECK(a.ended_with(exchange_end::complete));
    CHECK(output.text == "late");
    (void)c.process.wait();
}

TEST_CASE("an exchange without a time of grace needs no file descriptor when it is over") {
    warm_context io;
    gate g;
    auto c = piped({"say", "1", "mine", "leave_behind", "copy", "5"},
                   {{}, stream_choice::new_pipe(), {}}, g.options);
    REQUIRE(c.process.wait_exit());
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    e.grace = 0ms;
    int calls = 0;
    net_error error;
    exchange_end end{};
    {
        rlimit old{};
        REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
        rlimit none = old;
        none.rlim_cur = static_cast<rlim_t>(lowest_free_fd());
        REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
        async_communicate(io, c.process, c.ends, e, [&](net_error with, exchange_end x) {
            ++calls;
            error = with;
            end = x;
        });
        io.run();
        REQUIRE(setrlimit(RLIMIT_NOFILE, &old) == 0);
    }
    CHECK(calls == 1);
    CHECK(!error);
    CHECK(end == exchange_end::output_held_open);
    CHECK(output.text == "mine");
    (void)c.process.wait();
}

TEST_CASE("an end that was closed is not watched any more, even if a duplicate of it is open") {
    warm_context io;
    auto c = piped({"say", "1", "all", "shut", "1", "sleep"});
    // What a forked process keeps.
    const unique_fd duplicate(fcntl(c.ends.output.get(), F_DUPFD_CLOEXEC, 0));
    REQUIRE(duplicate);
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    answer a;
    async_communicate(io, c.process, c.ends, e, a.handler());
    while (c.ends.output)
        io.run_one();
    int woken = 0;
    for (int i = 0; i < 1000; ++i)
        woken += static_cast<int>(io.poll_one());
    CHECK(woken < 10);
    REQUIRE(c.process.kill());
    io.run();
    CHECK(a.ended_with(exchange_end::complete));
    CHECK(output.text == "all");
    (void)c.process.wait();
}

TEST_CASE("an error of an asynchronous exchange goes to the handler, and it can go on") {
    warm_context io;
    auto c = piped({"write", "1", "10000"});
    char memory[10];
    stream_exchange e;
    e.output = sink(memory);
    answer a;
    async_communicate(io, c.process, c.ends, e, a.handler());
    io.run();
    CHECK(a.calls == 1);
    CHECK(a.error == std::errc::file_too_large);
    collector rest;
    e.output = sink::to(rest);
    answer b;
    async_communicate(io, c.process, c.ends, e, b.handler());
    io.restart();
    io.run();
    CHECK(b.ended_with(exchange_end::complete));
    CHECK(std::string(memory, 10) + rest.text == pattern(10000));
    (void)c.process.wait();
}

#if PIDFD_UTIL_ASIO_VERSION >= 101900
TEST_CASE("a cancelled exchange has lost nothing") {
    warm_context io;
    auto c = piped({"say", "1", "before", "copy", "0", "sleep"});
    const int fds = count_fds();
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    net::cancellation_signal cancel;
    answer a;
    async_communicate(io, c.process, c.ends, e,
                      net::bind_cancellation_slot(cancel.slot(), a.handler()));
    while (output.text != "before")
        io.run_one();
    (cancel.emit)(net::cancellation_type::partial);
    io.run();
    CHECK(a.calls == 1);
    CHECK(a.error == net::error::operation_aborted);
    CHECK(a.fds == fds - 1); // the input was closed
    REQUIRE(c.process.kill());
    answer b;
    async_communicate(io, c.process, c.ends, e, b.handler());
    io.restart();
    io.run();
    CHECK(b.ended_with(exchange_end::complete));
    CHECK(output.text == "before");
    (void)c.process.wait();
}

TEST_CASE("the function of a sink can cancel its exchange, at the start of it and later") {
    for (const bool at_start : {true, false}) {
        CAPTURE(at_start);
        warm_context io;
        auto c = at_start ? piped({"say", "1", "text", "sleep"})
                          : piped({"read", "say", "1", "text", "sleep"});
        if (at_start)
            REQUIRE((events_of(c.ends.output.get(), long_time) & POLLIN) != 0);
        net::cancellation_signal cancel;
        std::size_t total = 0;
        auto count = [&](const char*, std::size_t size) noexcept {
            total += size;
            (cancel.emit)(net::cancellation_type::total);
        };
        stream_exchange e;
        e.input = "x";
        e.output = sink::to(count);
        answer a;
        async_communicate(io, c.process, c.ends, e,
                          net::bind_cancellation_slot(cancel.slot(), a.handler()));
        CHECK(a.calls == 0);
        io.run_for(5s);
        CHECK(a.calls == 1);
        CHECK(a.error == net::error::operation_aborted);
        CHECK(total == 4);
        (void)c.process.stop();
        io.restart();
        io.run();
    }
}

TEST_CASE("a timer on the same strand cancels an exchange with a child that never stops writing") {
    for (int i = 0; i < 10; ++i) {
        net::thread_pool pool(2);
        const auto strand = net::make_strand(pool.get_executor());
        auto c = piped({"write", "1", "2000000000", "sleep"});
        stream_exchange e; // counts what it reads
        net::cancellation_signal cancel;
        answer a;
        std::promise<void> done;
        net::steady_timer limit(strand, 20ms);
        limit.async_wait(net::bind_executor(
            strand, [&](net_error) { (cancel.emit)(net::cancellation_type::total); }));
        const auto store = [&, to = a.handler()](net_error error, exchange_end end) {
            to(error, end);
            done.set_value();
        };
        net::post(strand, [&] {
            async_communicate(
                strand, c.process, c.ends, e,
                net::bind_cancellation_slot(cancel.slot(), net::bind_executor(strand, store)));
        });
        const bool in_time = done.get_future().wait_for(5s) == std::future_status::ready;
        (void)c.process.kill(); // ends the exchange in any case
        pool.join();
        CHECK(in_time);
        CHECK(a.calls == 1);
        CHECK(a.error == net::error::operation_aborted);
        (void)c.process.wait();
    }
}
#endif

TEST_CASE("an exchange that is destroyed with its context leaves no file descriptor") {
    auto c = piped({"sleep"});
    const int fds = count_fds();
    stream_exchange e;
    answer a;
    {
        net::io_context io;
        async_communicate(io, c.process, c.ends, e, a.handler());
        io.poll();
    }
    CHECK(a.calls == 0);
    CHECK(count_fds() == fds - 1);
    (void)c.process.stop();
}
