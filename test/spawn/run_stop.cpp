// SPDX-License-Identifier: MIT
// How `run` stops a job.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/jobs.hpp"
#include "support/piped.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using namespace support::jobs;
using pidfd_util::run_options;
using pidfd_util::stop_step;
using support::error_of;
using support::pattern;

TEST_CASE("steps for a group need a program that leads one, and never reach the caller's") {
    run_options o = limited(1ms);
    o.spawn.process_group.reset();
    CHECK(error_of(run({"sleep"}, o)) == EINVAL);
    o.spawn.process_group = getpgrp();
    CHECK(error_of(run({"sleep"}, o)) == EINVAL);
    o.spawn.process_group.reset();
    const stop_step kill[] = {{SIGKILL, 60s}};
    o.stop = kill;
    const auto r = run({"sleep"}, o);
    REQUIRE(r);
    CHECK(r->timed_out);
    CHECK(r->status.signal() == SIGKILL);
}

TEST_CASE("a time limit stops the job, and the result has what was written until then") {
    const int fds = support::count_fds();
    // The output shows whether the program came so far: on a slow machine, later.
    for (auto limit = 20ms;; limit *= 2) {
        const auto r = run({"say", "1", "before", "sleep"}, limited(limit));
        REQUIRE(r);
        CHECK(r->timed_out);
        CHECK(r->status.signal() == SIGKILL);
        if (r->output == "before")
            break;
        REQUIRE(limit < 60s);
    }
    check_nothing_left(fds);
}

TEST_CASE("the whole group is stopped, with descendants that hold the output open") {
    const int fds = support::count_fds();
    for (auto limit = 20ms;; limit *= 2) {
        const auto r = run({"sleep_beside", "say", "1", "descendant", "sleep"}, limited(limit));
        REQUIRE(r);
        CHECK(r->timed_out);
        CHECK(r->status.signal() == SIGKILL);
        CHECK(!r->output_held_open); // the descendant has ended
        if (r->output == "descendant")
            break;
        REQUIRE(limit < 60s);
    }
    check_nothing_left(fds);
}

TEST_CASE("a program that writes while it is stopped is read, and does not block") {
    // It ignores the first signal and goes on writing more than a pipe holds.
    static constexpr stop_step steps[] = {
        {SIGTERM, 60s, pidfd_util::signal_scope::process_group},
    };
    run_options o = limited(1ms);
    o.stop = steps;
    o.spawn.ignored_signals = [] {
        static sigset_t term;
        sigemptyset(&term);
        sigaddset(&term, SIGTERM);
        return &term;
    }();
    const auto r = run({"write", "1", "20000000", "exit", "3"}, o);
    REQUIRE(r);
    CHECK(r->status.code() == 3);
    CHECK(r->output == pattern(20000000));
}

TEST_CASE("a job that outlives all steps is an error") {
    static constexpr stop_step steps[] = {{SIGCONT, 1ms, pidfd_util::signal_scope::process_group}};
    struct facts {
        int error;
    };
    // Isolated, as the job lives on: its death signal ends it with the caller.
    const auto got = support::isolated(support::on(support::native()), [] {
        run_options o = limited(1ms);
        o.stop = steps;
        o.spawn.parent_death_signal = SIGKILL;
        return facts{error_of(run({"sleep"}, o))};
    });
    REQUIRE(got);
    CHECK(got->error == ETIMEDOUT);
}

TEST_CASE("a group whose signal is not permitted is killed as a whole") {
    if (!support::has(pidfd_util::feature::signal_scope))
        SKIP_TEST("no signal scopes: Linux before 6.9");
    static constexpr stop_step steps[] = {{SIGTERM, 60s, pidfd_util::signal_scope::process_group}};
    const support::profile kernel{"no SIGTERM", {{SYS_pidfd_send_signal, EPERM, 1, ~0U, SIGTERM}}};
    struct facts {
        int error;
        bool all_ended;
        bool nothing_left;
    };
    const auto got = support::isolated(support::on(kernel), [] {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return facts{};
        const pidfd_util::fd_mapping map[] = {{ends[1], 5}};
        run_options o;
        o.stop = steps;
        o.output_limit = 0; // the descendant is there when the stop begins
        o.spawn.fds = map;
        const int error = error_of(run({"sleep_beside", "say", "1", "descendant", "sleep"}, o));
        close(ends[1]);
        pollfd end{ends[0], POLLIN, 0};
        const bool all_ended = poll(&end, 1, 20000) == 1 && (end.revents & POLLHUP) != 0;
        return facts{error, all_ended,
                     waitpid(-1, nullptr, WNOHANG | __WALL) == -1 && errno == ECHILD};
    });
    REQUIRE(got);
    CHECK(got->error == EPERM);
    CHECK(got->all_ended);
    CHECK(got->nothing_left);
}

TEST_CASE("a program that the caller may not signal is reaped when its closed output ends it") {
    static constexpr stop_step steps[] = {{SIGTERM, 60s}};
    const support::profile kernel{
        "no signals", {{SYS_pidfd_send_signal, EPERM}, {SYS_kill, EPERM}, {SYS_tgkill, EPERM}}};
    const auto got = support::isolated(support::on(kernel), [] {
        run_options o;
        o.stop = steps;
        o.output_limit = 0;
        return run_and_look({"write", "1", "1000000000000"}, o);
    });
    REQUIRE(got);
    CHECK(got->error == ERFKILL);
    CHECK(got->nothing_left);
}

TEST_CASE("a time limit that passes while another process holds the output open stops the job") {
    const int fds = support::count_fds();
    for (const auto grace : {std::chrono::nanoseconds(60s), (std::chrono::nanoseconds::max)()}) {
        for (auto limit = 20ms;; limit *= 2) {
            support::gate g;
            run_options o = limited(limit);
            o.grace = grace;
            o.spawn.fds = g.mapping;
            const auto r = run({"say", "1", "mine", "leave_behind", "copy", "5"}, o);
            REQUIRE(r);
            CHECK(r->timed_out);
            CHECK_FALSE(r->succeeded());
            CHECK_FALSE(r->output_held_open); // what was left behind has ended
            if (r->output == "mine" && r->status.code() == 0)
                break;
            REQUIRE(limit < 60s);
        }
    }
    check_nothing_left(fds);
}

TEST_CASE("a time limit also ends the wait for a program that has ended while it was traced") {
    const int fds = support::count_fds();
    for (auto limit = 100ms;; limit *= 2) {
        support::gate g;
        run_options o = limited(limit);
        o.spawn.fds = g.mapping;
        // The tracer is in the group of the program.
        const auto r = run({"be_traced", "5", "group", "say", "1", "ended", "exit", "3"}, o);
        REQUIRE(r);
        if (r->status.code() == 94)
            SKIP_TEST("no process can be traced here");
        CHECK(r->timed_out);
        if (r->output == "ended") {
            CHECK(r->status.code() == 3);
            break;
        }
        REQUIRE(limit < 60s);
    }
    check_nothing_left(fds);
}

TEST_CASE("a program that has ended, and that a tracer outside of the group keeps, is an error") {
    static constexpr stop_step steps[] = {{SIGKILL, 10ms, pidfd_util::signal_scope::process_group}};
    support::gate g;
    for (auto limit = 100ms;; limit *= 2) {
        run_options o = limited(limit);
        o.stop = steps;
        o.spawn.fds = g.mapping;
        const auto r = run({"be_traced", "5", "session", "exit", "3"}, o);
        if (r && r->status.code() == 94)
            SKIP_TEST("no process can be traced here");
        if (!r) {
            CHECK(error_of(r) == ETIMEDOUT);
            break;
        }
        CHECK(r->timed_out); // before it was traced
        REQUIRE(limit < 60s);
    }
    g.open.reset(); // the tracer ends
    bool reaped = false;
    for (int status = 0; waitpid(-1, &status, __WALL) > 0;)
        reaped = reaped || (WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK(reaped);
}
