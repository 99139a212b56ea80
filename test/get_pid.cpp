// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answer {
    pid_t pid;
    int error;
    answer_path path;
};

answer ask(int fd) {
    answer_path path{};
    const auto pid = pidfd_view(fd).get_pid(&path);
    return {pid.value_or(0), pid ? 0 : pid.error().value(), path};
}

} // namespace

TEST_CASE("get_pid tells the pid of every living process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->pid == s.pid);
        }
    }
}

TEST_CASE("get_pid of a zombie tells its pid") {
    const child c = child::zombie();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->pid == c.pid());
    }
}

TEST_CASE("get_pid of a reaped process says that it is gone, never pid -1") {
    const child c = child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == ESRCH);
    }
}

TEST_CASE("get_pid of a process outside of the caller's pid namespace says so, never pid 0") {
    const child c = child::running();
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"", "fresh"}) {
            CAPTURE(kernel.name, proc);
            surroundings around;
            around.kernel = kernel;
            around.pid_namespace = true;
            around.proc = proc;
            const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->error == EREMOTE);
        }
    }
}

TEST_CASE(
    "get_pid without the ioctl answers in the caller's pid namespace where /proc is another's") {
    surroundings around;
    around.kernel = linux_5_10();
    around.pid_namespace = true; // and the outer /proc stays
    const auto got = isolated(around, [] {
        const auto self = pidfd::from_self();
        return self ? ask(self->fd()) : answer{};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->pid == 1);
    CHECK(got->path == answer_path::fdinfo);
}

TEST_CASE("get_pid of what is no pidfd says so, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
        }
    }
    CHECK(pidfd_view(-1).get_pid().error() == std::errc::bad_file_descriptor);
    CHECK(pidfd_view(9999).get_pid().error().value() == EBADF);
}

TEST_CASE("get_pid of what is no pidfd leaves later answers on the best path") {
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
