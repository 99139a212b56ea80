// SPDX-License-Identifier: MIT
// Asynchronous waits for a child that a tracer must wait for first; built for standalone Asio, and
// again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace std::chrono_literals;
using support::heard;
using support::worker;

TEST_CASE("a child that a tracer must wait for first is waited for without blocking or spinning") {
    // The tracer is a process of its own: it seizes the child, lets it die, and waits for it late.
    net::io_context io;
    worker w;
    int ready[2];
    int release[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    REQUIRE(pipe2(release, O_CLOEXEC) == 0);
    auto tracer = support::test_child::that([&, pid = w.owner.pid()] {
        char ok = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &ok, 1);
        (void)!read(release[0], &ok, 1);
        return waitpid(pid, nullptr, __WALL) == pid ? 0 : 1;
    });
    tracer.go();
    char ok = 'n';
    REQUIRE(read(ready[0], &ok, 1) == 1);
    if (ok != 'y')
        SKIP_TEST("no right to trace a child");
    heard got;
    async_wait(io, w.process, got.handler());
    io.poll();
    REQUIRE(w.process.kill());
    REQUIRE(w.process.wait_exit());
    // Ready, yet not to be had: each turn of the loop is a pause, so that a loop that spun would
    // have made many more in this time.
    std::size_t turns = 0;
    const auto until = std::chrono::steady_clock::now() + 150ms;
    io.restart();
    while (std::chrono::steady_clock::now() < until)
        turns += io.run_for(50ms);
    CHECK(got.calls == 0);
    CHECK(turns < 30);
    CHECK(write(release[1], "x", 1) == 1);
    io.restart();
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.status->signal() == SIGKILL);
    for (const int fd : {ready[0], ready[1], release[0], release[1]})
        close(fd);
}

TEST_CASE("a wait that pauses for a tracer can be cancelled") {
    net::io_context io;
    worker w;
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    auto tracer = support::test_child::that([&, pid = w.owner.pid()] {
        const char ok = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &ok, 1);
        pause();
        return 0;
    });
    tracer.go();
    char ok = 'n';
    REQUIRE(read(ready[0], &ok, 1) == 1);
    if (ok != 'y')
        SKIP_TEST("no right to trace a child");
    heard got;
    child_waiter waiter(io.get_executor(), w.process);
    waiter.async_wait(got.handler());
    REQUIRE(w.process.kill());
    REQUIRE(w.process.wait_exit());
    while (io.poll() == 0) {
        // until the wait has seen that it is ready, and pauses
    }
    waiter.cancel();
    io.restart();
    io.run();
    CHECK(got.aborted());
    tracer.reap(); // lets go of the child
    CHECK(w.process.wait()->signal() == SIGKILL);
    close(ready[0]);
    close(ready[1]);
}
