// SPDX-License-Identifier: MIT
// child::stop with steps for the process group that the child leads.
#include "support/led_group.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/prctl.h>
#include <sys/syscall.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a stop of the group ends all of its processes, and keeps the status of the child") {
    const test_child outside = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got =
            isolated(on(kernel), [] { return stop(leader::runs, member::obeys, kill_all); });
        REQUIRE(got);
        REQUIRE(got->ready);
        CHECK(got->error == 0);
        CHECK(got->member_ended);
        CHECK((got->signal == SIGTERM || got->signal == SIGKILL));
    }
    CHECK(*outside.fd().is_alive());
}

TEST_CASE("a stop of the group reaches the members that outlive their leader") {
    for (const profile& kernel : kernels()) {
        for (const member m : {member::obeys, member::ignores_sigterm}) {
            CAPTURE(kernel.name, static_cast<int>(m));
            const auto got = isolated(on(kernel), [m] { return stop(leader::exits, m, kill_all); });
            REQUIRE(got);
            REQUIRE(got->ready);
            CHECK(got->error == 0);
            CHECK(got->member_ended);
            CHECK(got->code == 7); // its own end, which the signals do not change
            CHECK(got->step >= 0);
            if (m == member::ignores_sigterm)
                CHECK(got->step == 1);
        }
    }
}

TEST_CASE(
    "a stop of the group waits for a member that ignores the signal, until the time is over") {
    constexpr stop_step gentle[] = {{SIGTERM, 20ms, group}};
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        struct facts {
            bool ready;
            int first;
            bool alive;
            int second;
            bool ended;
            int code;
        };
        const auto got = isolated(on(kernel), [&gentle] {
            facts f{};
            led_group g(leader::exits, member::ignores_sigterm);
            f.ready = g.ok();
            f.first = error_of(g.child().stop(gentle));
            f.alive = !g.member_has_ended();
            // The child is not reaped by a stop that ran out of time: it can be stopped again.
            f.second = error_of(g.child().stop(kill_all));
            f.ended = g.member_has_ended();
            f.code = g.child().status() ? g.child().status()->code().value_or(-1) : -2;
            return f;
        });
        REQUIRE(got);
        REQUIRE(got->ready);
        CHECK(got->first == ETIMEDOUT);
        CHECK(got->alive);
        CHECK(got->second == 0);
        CHECK(got->ended);
        CHECK(got->code == 7);
    }
}

TEST_CASE(
    "a stop of a group whose only process is the child is complete as soon as the child ends") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        constexpr stop_step patient[] = {{SIGTERM, 1h, group}};
        const auto got = isolated(on(kernel), [&patient] {
            return stop(leader::leaves_no_member, member::obeys, patient);
        });
        REQUIRE(got);
        REQUIRE(got->ready);
        CHECK(got->error == 0);
        CHECK(got->signal == SIGTERM);
        CHECK(got->step == 0);
    }
}

TEST_CASE("a stop of the group does not reach a process that has left it") {
    const auto got =
        isolated({}, [] { return stop(leader::exits, member::leaves_the_group, kill_all); });
    REQUIRE(got);
    REQUIRE(got->ready);
    CHECK(got->error == 0);
    CHECK_FALSE(got->member_ended);
    CHECK(got->step == -1);
}

TEST_CASE("a child that has left its own group is killed by the step of the group with SIGKILL") {
    constexpr stop_step steps[] = {{SIGTERM, 5ms, group}, {SIGKILL, 20s, group}};
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        // The zombie keeps the group, so that each signal to the group succeeds.
        const auto got = isolated(on(kernel), [&steps] {
            return stop(leader::leaves_the_group, member::is_zombie, steps);
        });
        REQUIRE(got);
        REQUIRE(got->ready);
        CHECK(got->error == 0);
        CHECK(got->signal == SIGKILL);
        CHECK(got->step == 1);
    }
}

TEST_CASE("a stop of the group of a child that leads none fails with EINVAL, and ends nothing") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            int fd = -1;
            fork_sleeping(fd);
            pidfd_util::child c = owner_of(fd);
            const int error = error_of(c.stop(kill_all));
            const bool alive = c.is_alive() == true;
            kill_made(c.get_pid().value_or(-1));
            (void)!c.wait();
            return alive ? error : -1;
        });
        REQUIRE(got);
        CHECK(*got == EINVAL);
    }
}

TEST_CASE("a step for the child alone in a stop of the group spares the other processes") {
    constexpr stop_step mixed[] = {{SIGTERM, 20ms}, {SIGKILL, 1h, group}};
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got =
            isolated(on(kernel), [&mixed] { return stop(leader::runs, member::obeys, mixed); });
        REQUIRE(got);
        REQUIRE(got->ready);
        CHECK(got->error == 0);
        CHECK(got->signal == SIGTERM);
        CHECK(got->step == 1); // the member was still there
        CHECK(got->member_ended);
    }
}

TEST_CASE("zombies in the group do not delay the end of a stop") {
    // A subreaper that does not reap them keeps the members as zombies.
    const auto got = isolated({}, [] {
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        return stop(leader::exits, member::ignores_sigterm, kill_all);
    });
    REQUIRE(got);
    REQUIRE(got->ready);
    CHECK(got->error == 0);
    CHECK(got->member_ended);
    CHECK(got->code == 7);
}

TEST_CASE("a signal to the group that the kernel does not permit is not sent by number") {
    if (!has(feature::signal_scope))
        SKIP_TEST("no signal scopes: Linux before 6.9");
    // Only this signal, so that it looks like an answer of the kernel.
    const profile kernel{"no SIGTERM", {{SYS_pidfd_send_signal, EPERM, 1, ~0U, SIGTERM}}};
    constexpr stop_step gentle[] = {{SIGTERM, 20s, group}};
    const auto got =
        isolated(on(kernel), [&gentle] { return stop(leader::runs, member::obeys, gentle); });
    REQUIRE(got);
    REQUIRE(got->ready);
    CHECK(got->error == EPERM);
    CHECK(got->signal == SIGKILL);
    CHECK_FALSE(got->member_ended);
}
