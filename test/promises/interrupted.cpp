// SPDX-License-Identifier: MIT
// No call hangs or spins if a filter interrupts it each time with EINTR.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/child.hpp>
#include <pidfd_util/message.hpp>
#include <pidfd_util/spawn.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

surroundings interrupting(long number) {
    surroundings around;
    around.kernel = {"interrupts", {{number, EINTR}}};
    return around;
}

} // namespace

TEST_CASE("is_alive fails with EAGAIN where ppoll is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto got =
        isolated(interrupting(uapi::sys_ppoll), [&] { return error_of(c.fd().is_alive()); });
    REQUIRE(got);
    CHECK(*got == EAGAIN);
}

TEST_CASE("a timed wait ends where ppoll is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    struct result {
        int error;
        bool in_time;
    };
    const auto got = isolated(interrupting(uapi::sys_ppoll), [&] {
        const auto begin = std::chrono::steady_clock::now();
        const int error = error_of(c.fd().wait_exit_for(20ms));
        const auto took = std::chrono::steady_clock::now() - begin;
        return result{error, took < 30s};
    });
    REQUIRE(got);
    CHECK(got->error == EAGAIN);
    CHECK(got->in_time);
}

TEST_CASE("try_wait fails with EAGAIN where waitid is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::zombie();
    const auto got =
        isolated(interrupting(SYS_waitid), [&] { return error_of(c.fd().try_wait()); });
    REQUIRE(got);
    CHECK(*got == EAGAIN);
}

namespace {

/// Calls the function where this system call is always interrupted. A call that spins is ended.
template <class F>
int error_where_interrupted(long number, F call) {
    const auto got = isolated({}, [&] {
        constexpr unsigned limit = 30;
        alarm(limit);
        return install({{number, EINTR}}) ? call() : -1;
    });
    REQUIRE(got);
    return *got;
}

} // namespace

TEST_CASE(
    "a message that recvmsg or sendmsg always interrupts is EAGAIN, with and without waiting") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const socket_ends ends = socket_pair(SOCK_STREAM);
    char data[1];
    for (const int flags : {0, int{MSG_DONTWAIT}}) {
        CAPTURE(flags);
        CHECK(error_where_interrupted(SYS_recvmsg, [&] {
                  return error_of(receive_message(ends.a.get(), data, sizeof data, {}, flags));
              }) == EAGAIN);
        CHECK(error_where_interrupted(SYS_sendmsg, [&] {
                  return error_of(send_message(ends.a.get(), "x", 1, {}, flags));
              }) == EAGAIN);
    }
}

TEST_CASE("a wait without a limit fails with EAGAIN where waitid or ppoll is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    for (const long number : {long{SYS_waitid}, long{uapi::sys_ppoll}}) {
        CAPTURE(number);
        CHECK(error_where_interrupted(number, [number, &c] {
                  return number == SYS_waitid ? error_of(c.fd().wait())
                                              : error_of(c.fd().wait_exit());
              }) == EAGAIN);
    }
}

TEST_CASE("spawn ends where waitid is always interrupted, and reports what failed") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const char* const program = spawnee();
    for (const bool copied : {false, true}) {
        CAPTURE(copied);
        spawn_options o;
        o.copy_memory = copied;
        CHECK(error_where_interrupted(
                  SYS_waitid, [&] { return error_of(spawn(program, arguments({}), o)); }) == 0);
        CHECK(error_where_interrupted(SYS_waitid, [&] {
                  return error_of(spawn("/dev/null/none", arguments({}), o));
              }) == ENOTDIR);
    }
}

TEST_CASE("signals that come often do not end a wait") {
    const auto got = isolated({}, [] {
        struct sigaction action {};
        action.sa_handler = [](int) {};
        sigaction(SIGALRM, &action, nullptr); // without SA_RESTART
        const itimerval often{{0, 200}, {0, 200}};
        test_child c = test_child::that([] {
            usleep(300'000);
            return 7;
        });
        c.go();
        setitimer(ITIMER_REAL, &often, nullptr);
        const auto status = c.fd().wait();
        return status ? status->code().value_or(-1) : -status.error().value();
    });
    REQUIRE(got);
    CHECK(*got == 7);
}
