// SPDX-License-Identifier: MIT
// A call that is interrupted on and on, by a filter that answers EINTR, ends at its deadline.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "uapi.hpp"

#include <pidfd_util/child.hpp>

#include <cerrno>
#include <chrono>
#include <sys/syscall.h>

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

TEST_CASE("is_alive says EAGAIN where ppoll is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto got =
        isolated(interrupting(uapi::sys_ppoll), [&] { return error_of(c.fd().is_alive()); });
    REQUIRE(got);
    CHECK(*got == EAGAIN);
}

TEST_CASE("a timed wait ends at its limit where ppoll is always interrupted") {
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
        return result{error, took >= 20ms && took < 30s};
    });
    REQUIRE(got);
    CHECK(got->error == EAGAIN);
    CHECK(got->in_time);
}

TEST_CASE("try_wait says EAGAIN where waitid is always interrupted") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::zombie();
    const auto got =
        isolated(interrupting(SYS_waitid), [&] { return error_of(c.fd().try_wait()); });
    REQUIRE(got);
    CHECK(*got == EAGAIN);
}
