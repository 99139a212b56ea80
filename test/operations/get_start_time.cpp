// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/time_namespace.hpp"

#include <chrono>
#include <cstdint>
#include <sys/prctl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct start {
    int error;
    std::int64_t since_boot;
    std::int64_t wall; // in seconds
};

start ask_start(int fd) {
    const auto got = pidfd_view(fd).get_start_time();
    if (!got)
        return {error_of(got), 0, 0};
    return {0, got->since_boot.count(),
            std::chrono::duration_cast<std::chrono::seconds>(got->wall.time_since_epoch()).count()};
}

std::int64_t tick() {
    return second / sysconf(_SC_CLK_TCK);
}

/// Kernels on which /proc answers.
std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

/// The clock may be corrected while a test runs, but not by much.
bool close_to(std::int64_t a, std::int64_t b) {
    return a - b <= 5 && b - a <= 5;
}

} // namespace

TEST_CASE("get_start_time is the time of the fork, to a clock tick") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const std::int64_t before = clock_of_boot();
        const std::time_t wall = std::time(nullptr);
        const test_child c = test_child::running();
        const std::int64_t after = clock_of_boot();
        const auto got = isolated(on(kernel), [&] { return ask_start(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->since_boot > before - tick());
        CHECK(got->since_boot <= after);
        CHECK(close_to(got->wall, wall));
    }
}

TEST_CASE("get_start_time works for every living process that /proc shows") {
    const std::vector<subject> all = living();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : all) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_start(s.fd); });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->since_boot >= 0);
            CHECK(got->since_boot <= clock_of_boot());
        }
    }
}

TEST_CASE("get_start_time of a thread is the thread's own") {
    for (const subject& s : living()) {
        if (s.name != "a thread")
            continue;
        pass(clock_of_boot() + 2 * tick());
        const std::int64_t before = clock_of_boot();
        for (const subject& later : living())
            if (later.name == "a thread") {
                CHECK(ask_start(later.fd).since_boot > before - tick());
                CHECK(ask_start(s.fd).since_boot < before);
            }
        return;
    }
    SKIP_TEST("this kernel has no PIDFD_THREAD");
}

TEST_CASE("get_start_time does not depend on the process's name") {
    for (const char* name :
         {"x) R 1 1\n1 (y", ")\n)", ") 0 0 0 0 0", "((((", "\n\n\n", "", " ", "1 (a) S 1 1 1"}) {
        CAPTURE(name);
        const test_child c =
            test_child::ready([name] { return prctl(PR_SET_NAME, name, 0, 0, 0) == 0; });
        REQUIRE(c.prepared());
        const start got = ask_start(c.fd().fd());
        CHECK(got.error == 0);
        // No number in a name is that of this time.
        CHECK(got.since_boot <= clock_of_boot());
        CHECK(got.since_boot > clock_of_boot() - 60 * second);
    }
}

TEST_CASE("get_start_time returns the same time when the process has ended, until it is reaped") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        test_child c = test_child::running();
        const auto ask_here = [&] { return ask_start(c.fd().fd()); };
        const auto alive = isolated(on(kernel), ask_here);
        (void)c.fd().kill();
        c.wait_for_end();
        const auto zombie = isolated(on(kernel), ask_here);
        c.reap();
        const auto reaped = isolated(on(kernel), ask_here);
        REQUIRE((alive && zombie && reaped));
        CHECK(alive->error == 0);
        CHECK(zombie->error == 0);
        CHECK(zombie->since_boot == alive->since_boot);
        CHECK(reaped->error == ESRCH);
    }
}

TEST_CASE("get_start_time of a process that this /proc does not show is foreign") {
    const test_child c = test_child::running();
    const auto fresh = isolated(in_pid_namespace("fresh"), [&] { return ask_start(c.fd().fd()); });
    const auto outer = isolated(in_pid_namespace(""), [&] { return ask_start(c.fd().fd()); });
    if (!fresh || !outer)
        SKIP_TEST(fresh.missing + outer.missing);
    CHECK(fresh->error == EREMOTE);
    CHECK(outer->error == 0);
    CHECK(outer->since_boot == ask_start(c.fd().fd()).since_boot);
}

TEST_CASE("get_start_time of a process that is hidden from the caller is denied") {
    const test_child c = test_child::running();
    surroundings around;
    around.proc = "hidepid=2";
    around.uid = 65534;
    const auto got = isolated(around, [&] { return ask_start(c.fd().fd()); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == EACCES);
}

TEST_CASE("get_start_time is unsupported without /proc, and does not need /proc/sys") {
    const test_child c = test_child::running();
    const auto none = isolated(with_proc("none"), [&] { return ask_start(c.fd().fd()); });
    const auto subset = isolated(with_proc("subset=pid"), [&] { return ask_start(c.fd().fd()); });
    if (!none || !subset)
        SKIP_TEST(none.missing + subset.missing);
    CHECK(none->error == EOPNOTSUPP);
    CHECK(subset->error == 0);
}

TEST_CASE("get_start_time is on the clock of boot of the caller's time namespace") {
    const test_child c = test_child::running();
    const start outside = ask_start(c.fd().fd());
    REQUIRE(outside.error == 0);
    for (const std::int64_t shift :
         {1000 * second, 1000 * second + 3 * second / 100, second / 100}) {
        CAPTURE(shift);
        const auto got = isolated(with_clocks(), [&] {
            return in_shifted_time(shift, [&] { return ask_start(c.fd().fd()); });
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!*got)
            SKIP_TEST(no_time_namespace);
        const start& inside = **got;
        if (!starts_follow_clock()) {
            CHECK(inside.error == EOPNOTSUPP);
            continue;
        }
        CHECK(inside.error == 0);
        CHECK(inside.since_boot == outside.since_boot + shift);
        CHECK(close_to(inside.wall, outside.wall));
    }
}

TEST_CASE("get_start_time of a process that is older than the caller's time namespace is "
          "unsupported") {
    const test_child c = test_child::running();
    pass(clock_of_boot() + 3 * tick());
    const auto got = isolated(with_clocks(), [&] {
        const std::int64_t shift = -(clock_of_boot() / tick() - 1) * tick();
        return in_shifted_time(shift, [&] { return ask_start(c.fd().fd()); });
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!*got)
        SKIP_TEST(no_time_namespace);
    CHECK((*got)->error == EOPNOTSUPP);
}

TEST_CASE("get_start_time refuses what is not a pidfd") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_start(s.fd).error; });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
        for (const int closed : {-1, 9999}) {
            const auto got = isolated(on(kernel), [&] { return ask_start(closed).error; });
            REQUIRE(got);
            CHECK(*got == EBADF);
        }
    }
}
