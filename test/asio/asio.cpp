// SPDX-License-Identifier: MIT
// Asynchronous waits for a child; built for standalone Asio, and again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <sys/wait.h>
#include <thread>
#include <vector>

using namespace pidfd_util;
using support::errno_of;
using support::heard;
using support::worker;

namespace {

int flags(pidfd_view process) {
    return fcntl(process.fd(), F_GETFL);
}

} // namespace

TEST_CASE("async_wait gives the status to the handler, and the child stores it") {
    net::io_context io;
    worker w;
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    CHECK(got.calls == 0);
    w.go();
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
    CHECK(w.process.status() == got.status);
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("async_wait gives the status of a child that a signal killed") {
    net::io_context io;
    worker w;
    heard got;
    async_wait(io.get_executor(), w.process, got.handler());
    REQUIRE(w.process.kill());
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.status->signal() == SIGKILL);
    CHECK(!got.status->code());
}

TEST_CASE("async_wait never calls the handler before it returns") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    heard known;
    async_wait(io, w.process, known.handler());
    CHECK(known.calls == 0);
    pidfd_util::child none;
    heard failed;
    async_wait(io, none, failed.handler());
    CHECK(failed.calls == 0);
    io.run();
    CHECK(known.exited_with(3));
    CHECK(failed.calls == 1);
    CHECK(errno_of(failed.error) == EBADF);
}

TEST_CASE("async_wait gives a future, which throws the error") {
    net::io_context io;
    worker w;
    auto status = async_wait(io, w.process, net::use_future);
    pidfd_util::child none;
    auto failure = async_wait(io, none, net::use_future);
    w.go();
    io.run();
    CHECK(status.get().code() == 3);
    CHECK_THROWS_AS(failure.get(), net_system_error);
}

TEST_CASE("an error of async_wait comes with a status that cannot be misread") {
    net::io_context io;
    pidfd_util::child none;
    heard got;
    async_wait(io, none, got.handler());
    io.run();
    REQUIRE(got.error);
    CHECK(!got.status->success());
    CHECK(!got.status->code());
    CHECK(!WIFEXITED(got.status->wait_status()));
    CHECK(!WIFSIGNALED(got.status->wait_status()));
}

TEST_CASE("an asynchronous wait leaves the pidfd in its blocking mode") {
    net::io_context io;
    worker w;
    const int before = flags(pidfd_view(w.process));
    REQUIRE((before & O_NONBLOCK) == 0);
    heard status;
    heard end;
    async_wait(io, w.process, status.handler());
    async_wait_exit(io, pidfd_view(w.process), end.exit_handler());
    io.poll();
    CHECK(flags(pidfd_view(w.process)) == before);
    w.go();
    io.restart();
    io.run();
    CHECK(status.exited_with(3));
    CHECK((end.calls == 1 && !end.error));
    CHECK(flags(pidfd_view(w.process)) == before);
}

TEST_CASE("async_wait works for a pidfd in non-blocking mode, and does not change the mode") {
    net::io_context io;
    worker w;
    REQUIRE(fcntl(w.process.fd(), F_SETFL, O_NONBLOCK) == 0);
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
    CHECK((flags(pidfd_view(w.process)) & O_NONBLOCK) != 0);
}

TEST_CASE("two asynchronous waits for one child both get its status") {
    net::io_context io;
    worker w;
    heard first;
    heard second;
    async_wait(io, w.process, first.handler());
    async_wait(io, w.process, second.handler());
    io.poll();
    w.go();
    io.restart();
    io.run();
    CHECK(first.exited_with(3));
    CHECK(second.exited_with(3));
}

TEST_CASE("another kind of wait meanwhile takes no status away from async_wait") {
    net::io_context io;
    worker w;
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    CHECK(w.process.wait()->code() == 3);
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
}

TEST_CASE("async_wait of a child that was reaped elsewhere gives the status that the kernel keeps, "
          "or ECHILD") {
    net::io_context io;
    worker w;
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    REQUIRE(waitpid(w.owner.pid(), nullptr, 0) == w.owner.pid());
    io.restart();
    io.run();
    CHECK(got.calls == 1);
    if (const auto kept = w.process.get_exit_status(); kept && *kept)
        CHECK(got.exited_with(3));
    else
        CHECK(errno_of(got.error) == ECHILD);
    w.process = {};
}

TEST_CASE("async_wait also waits for a child that reaps itself") {
    const auto got = support::isolated({}, [] {
        signal(SIGCHLD, SIG_IGN);
        int code = -1;
        worker w;
        net::io_context io;
        async_wait(io, w.process, [&](net_error e, exit_status s) {
            code = e ? -errno_of(e) : s.code().value_or(-2);
        });
        io.poll();
        w.go();
        io.restart();
        io.run();
        const auto kept = w.process.get_exit_status();
        return code == (kept && *kept ? 3 : -ECHILD);
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("async_wait works without the features of later kernels") {
    const support::profile kernels[] = {support::linux_5_4(), support::linux_5_10(),
                                        support::linux_6_12()};
    for (const support::profile& kernel : kernels) {
        CAPTURE(kernel.name);
        support::surroundings around;
        around.kernel = kernel;
        const auto got = support::isolated(around, [] {
            worker w;
            net::io_context io;
            int code = -1;
            bool ended = false;
            async_wait_exit(io, pidfd_view(w.process), [&](net_error e) { ended = !e; });
            async_wait(io, w.process, [&](net_error e, exit_status s) {
                code = e ? -errno_of(e) : s.code().value_or(-1);
            });
            io.poll();
            w.go();
            io.restart();
            io.run();
            return ended ? code : -1;
        });
        REQUIRE(got);
        CHECK(*got == 3);
    }
}

TEST_CASE("waits on a strand work while several threads run the context") {
    constexpr int count = 16;
    net::io_context io;
    std::vector<std::unique_ptr<worker>> workers;
    std::vector<heard> got(count);
    for (int i = 0; i < count; ++i) {
        workers.push_back(std::make_unique<worker>());
        const auto n = static_cast<std::size_t>(i);
        const auto strand = net::make_strand(io);
        for (int twice = 0; twice < 2; ++twice)
            async_wait(strand, workers[n]->process, net::bind_executor(strand, got[n].handler()));
    }
    for (auto& w : workers)
        w->go();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { io.run(); });
    for (auto& t : threads)
        t.join();
    for (const heard& o : got) {
        CHECK(o.calls == 2);
        CHECK(!o.error);
        CHECK(o.status->code() == 3);
    }
}
