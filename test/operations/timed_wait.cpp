// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <limits>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using seconds_double = std::chrono::duration<double>;
using seconds_float = std::chrono::duration<float>;
using days = std::chrono::duration<int, std::ratio<86400>>;

/// Calls f with durations that are zero or less, or NaN.
template <class F>
void for_every_empty_time(F f) {
    f(0s);
    f(-5s);
    f(-1ns);
    f(std::chrono::nanoseconds::min());
    f(std::chrono::hours::min());
    f(seconds_double(-1e300));
    f(seconds_double(-infinity));
    f(seconds_double(nan));
    f(seconds_double(1e-12));
    f(seconds_float(-0.0F));
}

/// Calls f with durations that do not end while the test runs.
template <class F>
void for_every_long_time(F f) {
    f(1h);
    f(std::chrono::hours::max());
    f(std::chrono::nanoseconds::max());
    f(std::chrono::nanoseconds::max() - 1ns);
    f(std::chrono::milliseconds::max());
    f(days(100000));
    f(std::chrono::duration<unsigned>(std::numeric_limits<unsigned>::max()));
    f(seconds_double(1e300));
    f(seconds_double(infinity));
    f(seconds_float(1e30F));
}

support::test_child ends_soon(int code) {
    auto c = support::test_child::that([code] {
        usleep(5000);
        return code;
    });
    c.go();
    return c;
}

template <class Status>
int code_of(const Status& s) {
    return s ? s->code().value_or(-2) : -1;
}

} // namespace

TEST_CASE("wait_for a process that lives on times out, and not before the time is over") {
    const auto c = support::test_child::running();
    const auto check = [&](auto time) {
        const auto begin = clock_type::now();
        const auto status = c.fd().wait_for(time);
        CHECK(timed_out(status));
        CHECK(clock_type::now() - begin >= time);
    };
    check(20ms);
    check(1500us);
    check(3'000'001ns);
    check(seconds_double(0.0125));
    check(std::chrono::duration<int, std::ratio<1, 60>>(1));
}

TEST_CASE("wait_until a point in time times out, and not before it has come") {
    const auto c = support::test_child::running();
    const auto when = clock_type::now() + 20ms;
    const auto status = c.fd().wait_until(when);
    CHECK(timed_out(status));
    CHECK(clock_type::now() >= when);
    using coarse = std::chrono::time_point<clock_type, std::chrono::seconds>;
    const auto coarsely = c.fd().wait_until(std::chrono::time_point_cast<coarse::duration>(when));
    CHECK(timed_out(coarsely));
}

TEST_CASE("a time limit of zero or NaN checks once, and either times out or returns the status") {
    for_every_empty_time([](auto time) {
        const auto living = support::test_child::running();
        const auto none = living.fd().wait_for(time);
        CHECK(timed_out(none));
        const auto dead = support::test_child::zombie(3);
        CHECK(code_of(dead.fd().wait_for(time)) == 3);
    });
}

TEST_CASE("a deadline in the past checks once, and either times out or returns the status") {
    for (const auto when :
         {clock_type::time_point::min(), clock_type::time_point(), clock_type::time_point(1ns),
          clock_type::now() - 1h, clock_type::now()}) {
        const auto living = support::test_child::running();
        const auto none = living.fd().wait_until(when);
        CHECK(timed_out(none));
        const auto dead = support::test_child::zombie(4);
        CHECK(code_of(dead.fd().wait_until(when)) == 4);
    }
}

TEST_CASE("a time limit of any length, even infinity, does not overflow") {
    int code = 1;
    for_every_long_time([&](auto time) {
        const auto c = ends_soon(++code);
        CHECK(code_of(c.fd().wait_for(time)) == code);
    });
    for (const auto when : {clock_type::time_point::max(), clock_type::time_point::max() - 1ns}) {
        const auto c = ends_soon(++code);
        CHECK(code_of(c.fd().wait_until(when)) == code);
    }
}

TEST_CASE("a wait that ran out of time loses nothing: the next one gets the status") {
    auto c = support::test_child::that([] { return 7; });
    for (int i = 0; i < 50; ++i) {
        const auto none = c.fd().wait_for(std::chrono::microseconds(i));
        REQUIRE(timed_out(none));
    }
    c.go();
    CHECK(code_of(c.fd().wait_for(1h)) == 7);
    CHECK(c.fd().wait_for(0s).error().value() == ECHILD);
    CHECK(c.fd().wait_for(1h).error().value() == ECHILD);
}

TEST_CASE("exactly one of the waits around the moment of the end gets the status") {
    for (int round = 0; round < 100; ++round) {
        auto c = support::test_child::that([] { return 9; });
        c.go();
        int code = -1;
        int waits = 0;
        while (code == -1) {
            const auto status = c.fd().wait_for(std::chrono::microseconds(waits++ % 50));
            REQUIRE((status || timed_out(status)));
            code = code_of(status);
        }
        CHECK(code == 9);
        CHECK(c.fd().try_wait().error().value() == ECHILD);
    }
}

TEST_CASE("a storm of signals neither shortens a wait nor is reported") {
    const auto lives = support::test_child::running();
    auto ends = support::test_child::that([] {
        usleep(40000);
        return 5;
    });
    const signal_storm storm;
    const auto begin = clock_type::now();
    const auto none = lives.fd().wait_for(50ms);
    CHECK(timed_out(none));
    CHECK(clock_type::now() - begin >= 50ms);
    CHECK(signal_storm::count() > 0);
    ends.go();
    CHECK(code_of(ends.fd().wait_for(1h)) == 5);
    auto again = support::test_child::that([] {
        usleep(40000);
        return 6;
    });
    again.go();
    const auto status = again.fd().wait();
    REQUIRE(status);
    CHECK(status->code() == 6);
}

TEST_CASE("a timed wait also waits on a pidfd in non-blocking mode, and does not change the mode") {
    auto c = support::test_child::that([] { return 8; });
    const unique_fd fd(raw_pidfd_open(c.pid(), uapi::pidfd_nonblock));
    if (!fd)
        SKIP_TEST("no PIDFD_NONBLOCK: Linux before 5.10");
    const pidfd_view view(fd.get());
    const auto none = view.wait_for(5ms);
    CHECK(timed_out(none));
    c.go();
    CHECK(code_of(view.wait_for(1h)) == 8);
    CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);

    auto other = ends_soon(10);
    const unique_fd second(raw_pidfd_open(other.pid(), uapi::pidfd_nonblock));
    REQUIRE(second);
    const auto status = pidfd_view(second.get()).wait();
    REQUIRE(status);
    CHECK(status->code() == 10);
}

TEST_CASE("the pidfd of a killed child that is traced by another process is readable, and no timed "
          "wait blocks") {
    const auto c = support::test_child::running();
    int reports[2];
    int let_go[2];
    REQUIRE(pipe2(reports, O_CLOEXEC) == 0);
    REQUIRE(pipe2(let_go, O_CLOEXEC) == 0);
    auto tracer = support::test_child::that([&] {
        const char attached = ptrace(PTRACE_SEIZE, c.pid(), nullptr, nullptr) == 0 ? 'y' : 'n';
        (void)!write(reports[1], &attached, 1);
        char byte = 0;
        (void)!read(let_go[0], &byte, 1);
        waitpid(c.pid(), nullptr, __WALL);
        return 0;
    });
    tracer.go();
    char attached = 0;
    REQUIRE(read(reports[0], &attached, 1) == 1);
    const auto close_all = [&] {
        for (const int fd : {reports[0], reports[1], let_go[0], let_go[1]})
            close(fd);
    };
    if (attached != 'y') {
        (void)!write(let_go[1], "g", 1);
        close_all();
        SKIP_TEST("no right to trace a process that is not a descendant");
    }
    REQUIRE(kill(c.pid(), SIGKILL) == 0);
    CHECK(c.fd().wait_exit());
    const auto not_yet = c.fd().try_wait();
    REQUIRE(not_yet);
    CHECK_FALSE(*not_yet);
    const auto begin = clock_type::now();
    const auto nor_later = c.fd().wait_for(30ms);
    CHECK(timed_out(nor_later));
    CHECK(clock_type::now() - begin >= 30ms);
    (void)!write(let_go[1], "g", 1);
    const auto status = c.fd().wait_for(1h);
    close_all();
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("timed waits work on every kernel that has waitid for pidfds") {
    struct facts {
        bool timed_out;
        int code;
        int error;
    };
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            facts f{};
            int lives = -1;
            int ends = -1;
            const pid_t sleeper = fork_sleeping(lives);
            fork_exiting(11, ends);
            const auto none = pidfd_view(lives).wait_for(1ms);
            f.timed_out = timed_out(none);
            f.error = none ? 0 : none.error().value();
            f.code = code_of(pidfd_view(ends).wait_for(1h));
            kill_made(sleeper);
            return f;
        });
        REQUIRE(got);
        if (kernel.name == std::string(sandbox(EPERM).name)) {
            CHECK(got->error == ERFKILL);
        } else if (kernel.name == std::string(sandbox(ENOSYS).name)) {
            CHECK(std::error_code(got->error, pidfd_category()) == pidfd_errc::unsupported);
        } else {
            CHECK(got->timed_out);
            CHECK(got->error == ETIMEDOUT);
            CHECK(got->code == 11);
        }
    }
}

TEST_CASE(
    "a wait whose ppoll a filter fails with EINVAL does not report a lack of file descriptors") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    surroundings around;
    around.kernel = {"ppoll with EINVAL", {{uapi::sys_ppoll, EINVAL}}};
    const auto got = isolated(around, [] {
        int lives = -1;
        const pid_t sleeper = fork_sleeping(lives);
        const auto status = pidfd_view(lives).wait_for(1h);
        kill_made(sleeper);
        return status ? 0 : status.error().value();
    });
    REQUIRE(got);
    if (*got == EOPNOTSUPP)
        SKIP_TEST("no waitid for pidfds: Linux before 5.4");
    CHECK(*got == EIO);
}

TEST_CASE("a deadline of the binary interface may lie any time in the past") {
    const auto c = support::test_child::running();
    const auto least = std::numeric_limits<std::int64_t>::min();
    for (const std::int64_t deadline : {least, least + 1, std::int64_t{-1}, std::int64_t{1}}) {
        CAPTURE(deadline);
        bool ended = true;
        int status = 0;
        const int error = abi::wait(c.fd().fd(), deadline, ended, status);
        if (error == ENOSYS || error == EOPNOTSUPP)
            SKIP_TEST("no waitid for pidfds: Linux before 5.4");
        CHECK(error == 0);
        CHECK_FALSE(ended);
        ended = true;
        CHECK(abi::wait_exit(c.fd().fd(), deadline, ended) == 0);
        CHECK_FALSE(ended);
    }
}

TEST_CASE("timed waits on a process that is not a child, or on a non-pidfd, fail at once") {
    const auto parent = pidfd::from_pid(getppid());
    if (parent)
        CHECK(parent->wait_for(1h).error().value() == ECHILD);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(pidfd_view(s.fd).wait_for(1h).error().value() == EBADFD);
    }
    CHECK(pidfd_view(-1).wait_for(1h).error().value() == EBADF);
    CHECK(pidfd_view(9999).wait_until(clock_type::time_point::max()).error().value() == EBADF);
}
