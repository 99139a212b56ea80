// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/sleeping_thread.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <chrono>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

struct answer {
    int error;
    bool ended;
};

answer ask(int fd, std::chrono::nanoseconds time) {
    const auto ended = pidfd_view(fd).wait_exit_for(time);
    return {ended || timed_out(ended) ? 0 : ended.error().value(), ended.has_value()};
}

} // namespace

TEST_CASE("wait_exit waits for processes that are not children, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        const auto lives = support::test_child::running();
        const auto zombie = support::test_child::zombie();
        const auto gone = support::test_child::reaped();
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        struct facts {
            answer living;
            answer dead;
            answer reaped;
            bool blocking;
        };
        // The isolated process is a sibling of those.
        const auto got = isolated(around, [&] {
            return facts{ask(lives.fd().fd(), 1ms), ask(zombie.fd().fd(), 1h),
                         ask(gone.fd().fd(), 1h), zombie.fd().wait_exit() && gone.fd().wait_exit()};
        });
        REQUIRE(got);
        CHECK(got->living.error == 0);
        CHECK_FALSE(got->living.ended);
        CHECK(got->dead.error == 0);
        CHECK(got->dead.ended);
        CHECK(got->reaped.error == 0);
        CHECK(got->reaped.ended);
        CHECK(got->blocking);
        CHECK(zombie.fd().wait()); // is still there to be reaped
    }
}

TEST_CASE("wait_exit waits until another process's child has ended") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        auto c = support::test_child::that([] {
            usleep(5000);
            return 0;
        });
        const auto got = isolated(on(kernel), [&] {
            const bool early = ask(c.fd().fd(), 0ns).ended;
            c.go();
            return !early && c.fd().wait_exit() && ask(c.fd().fd(), 0ns).ended;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE("wait_exit_for and wait_exit_until time out when their time is over, and not before") {
    const auto c = support::test_child::running();
    const signal_storm storm;
    const auto begin = clock_type::now();
    const auto ended = c.fd().wait_exit_for(25ms);
    CHECK(timed_out(ended));
    CHECK(clock_type::now() - begin >= 25ms);
    const auto when = clock_type::now() + 10ms;
    const auto until = c.fd().wait_exit_until(when);
    CHECK(timed_out(until));
    CHECK(clock_type::now() >= when);
    CHECK(timed_out(c.fd().wait_exit_until(clock_type::time_point::min())));
}

TEST_CASE("wait_exit reaps no process, however often it is called") {
    const auto c = support::test_child::zombie(12);
    for (int i = 0; i < 5; ++i) {
        CHECK(c.fd().wait_exit());
        CHECK(c.fd().wait_exit_for(0s));
    }
    const auto status = c.fd().wait();
    REQUIRE(status);
    CHECK(status->code() == 12);
}

TEST_CASE("wait_exit of a process in a foreign pid namespace works") {
    const auto lives = support::test_child::running();
    const auto zombie = support::test_child::zombie();
    surroundings around;
    around.pid_namespace = true;
    const auto got = isolated(around, [&] {
        const answer a = ask(lives.fd().fd(), 0ns);
        const answer b = ask(zombie.fd().fd(), 1h);
        return a.error == 0 && !a.ended && b.error == 0 && b.ended;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got);
}

TEST_CASE("wait_exit of a process whose first thread has exited waits for the last one") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    auto c = support::test_child::that([&] {
        std::thread([&] {
            char byte = 0;
            (void)!read(ends[0], &byte, 1);
            _exit(3);
        }).detach();
        syscall(SYS_exit, 0);
        return 0;
    });
    c.go();
    // Waits until the first thread has exited: the state in /proc is then Z although the process
    // lives.
    const std::string stat = "/proc/" + std::to_string(c.pid()) + "/stat";
    for (int i = 0; i < 5000; ++i) {
        char text[512] = {};
        if (std::FILE* f = std::fopen(stat.c_str(), "r"); f != nullptr) {
            (void)!std::fread(text, 1, sizeof text - 1, f);
            std::fclose(f);
        }
        if (std::string(text).find(") Z ") != std::string::npos)
            break;
        usleep(1000);
    }
    CHECK(timed_out(c.fd().wait_exit_for(10ms)));
    const auto early = c.fd().try_wait();
    REQUIRE(early);
    CHECK_FALSE(*early);
    (void)!write(ends[1], "g", 1);
    CHECK(c.fd().wait_exit());
    const auto status = c.fd().wait();
    close(ends[0]);
    close(ends[1]);
    REQUIRE(status);
    CHECK(status->code() == 3);
}

TEST_CASE("wait_exit of a thread waits for that thread") {
    sleeping_thread t;
    const unique_fd fd(raw_pidfd_open(t.tid(), uapi::pidfd_thread));
    const bool made = static_cast<bool>(fd);
    const answer before = made ? ask(fd.get(), 0ns) : answer{};
    t.end();
    if (!made)
        SKIP_TEST("no PIDFD_THREAD: Linux before 6.9");
    CHECK(before.error == 0);
    CHECK_FALSE(before.ended);
    CHECK(ask(fd.get(), 1h).ended);
}

TEST_CASE("wait_exit refuses a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask(s.fd, 1h); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
        }
    }
    CHECK(pidfd_view(-1).wait_exit().error().value() == EBADF);
    CHECK(pidfd_view(9999).wait_exit_for(1h).error().value() == EBADF);
}
