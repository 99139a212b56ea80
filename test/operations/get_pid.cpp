// SPDX-License-Identifier: MIT
#include "support/answers.hpp"

#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

answer<pid_t> ask(int fd) {
    return support::ask(fd, &pidfd_view::get_pid);
}

} // namespace

TEST_CASE("get_pid returns the pid of every living process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->value == s.pid);
        }
    }
}

TEST_CASE("get_pid of a zombie returns its pid") {
    const test_child c = test_child::zombie();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, 0));
        if (got->error == 0)
            CHECK(got->value == c.pid());
    }
}

TEST_CASE("get_pid of a reaped process says that it is gone, never pid -1") {
    const test_child c = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, ESRCH));
    }
}

TEST_CASE("get_pid of a process outside of the caller's pid namespace fails with EREMOTE, and "
          "never returns pid 0") {
    check_foreign(&pidfd_view::get_pid);
}

TEST_CASE(
    "get_pid without the ioctl answers in the caller's pid namespace where /proc is another's") {
    surroundings around = in_pid_namespace(""); // and the outer /proc stays
    around.kernel = linux_5_10();
    const auto got = isolated(around, [] {
        const auto self = pidfd::from_self();
        return self ? ask(self->fd()) : answer<pid_t>{};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->value == 1);
    CHECK(got->path == answer_path::fdinfo);
}

TEST_CASE("get_pid refuses a file descriptor that is not a pidfd, on every kernel") {
    check_impostors(&pidfd_view::get_pid);
}

TEST_CASE("get_pid without ioctl and /proc is unsupported or forbidden") {
    check_without_proc(&pidfd_view::get_pid);
}

TEST_CASE("get_pid of a non-pidfd leaves later answers on the best path") {
    const auto pid_then_path = [] {
        int ends[2];
        if (pipe(ends) != 0)
            return answer_path::none;
        const auto bad = pidfd_view(ends[0]).get_pid();
        answer_path path{};
        const auto self = pidfd::from_self();
        const auto good = self->get_pid(&path);
        return !bad && good ? path : answer_path::none;
    };
    const auto got = isolated({}, pid_then_path);
    REQUIRE(got);
    const auto best = answering_path(operation::get_pid);
    CHECK(*got == *best);
}
