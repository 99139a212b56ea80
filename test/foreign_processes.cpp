// SPDX-License-Identifier: MIT
// Processes of pid namespaces that the caller cannot see: none is taken for the process that has
// its number here, and none is said to be gone that lives.
#include "support/answers.hpp"
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct facts {
    std::array<int, attempt_count> errors;
    pid_t pid; // where told
    bool alive;
    bool own_directory; // the directory of /proc is the caller's own
};

outcome<facts> ask_from_other_namespace(const profile& kernel, const char* proc, int fd) {
    surroundings around;
    around.kernel = kernel;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    around.proc = proc;
    return isolated(around, [=] {
        facts f{};
        const pidfd_view p(fd);
        for (std::size_t i = 0; i < attempt_count; ++i)
            f.errors[i] = attempts[i].on(p);
        f.pid = p.get_pid().value_or(0);
        f.alive = p.is_alive().value_or(false);
        const std::string own = field(read_file_at(AT_FDCWD, "/proc/thread-self/status"), "Pid:");
        const auto shown =
            p.access_proc([](int dir) { return field(read_file_at(dir, "status"), "Pid:"); });
        f.own_directory = shown && *shown == own;
        return f;
    });
}

std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

} // namespace

TEST_CASE("a process of a sibling pid namespace is not the one that has its number here") {
    // Pid 1 of its namespace; and so is the caller of its own.
    const auto subjects = living();
    const auto sibling = std::find_if(subjects.begin(), subjects.end(), [](const subject& s) {
        return s.name == "a process in a child pid namespace";
    });
    if (sibling == subjects.end())
        SKIP_TEST("no right to make a pid namespace");
    for (const profile& kernel : kernels()) {
        for (const char* proc : {"", "fresh"}) {
            CAPTURE(kernel.name, proc);
            const auto got = ask_from_other_namespace(kernel, proc, sibling->fd);
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->errors[attempt_of("get_pid")] == EREMOTE);
            CHECK(got->errors[attempt_of("get_ppid")] == EREMOTE);
            CHECK(got->errors[attempt_of("get_info")] == EREMOTE);
            CHECK(got->errors[attempt_of("send_signal")] == EREMOTE);
            CHECK(got->pid == 0);
            CHECK(got->alive);
            CHECK_FALSE(got->own_directory);
            for (const int error : got->errors)
                CHECK(error != ESRCH);
        }
    }
}

TEST_CASE("a living process that the caller cannot see is never said to be gone") {
    const test_child c = test_child::running();
    for (const profile& kernel : kernels()) {
        for (const char* proc : {"", "fresh", "none"}) {
            const auto got = ask_from_other_namespace(kernel, proc, c.fd().fd());
            if (!got)
                SKIP_TEST(got.missing);
            for (std::size_t i = 0; i < attempt_count; ++i) {
                CAPTURE(kernel.name, proc, attempts[i].name);
                CHECK(got->errors[i] != ESRCH);
            }
            CHECK(got->alive);
        }
    }
}

TEST_CASE("a reaped process is gone, seen from any pid namespace") {
    const test_child c = test_child::reaped();
    for (const profile& kernel : kernels()) {
        for (const char* proc : {"", "fresh"}) {
            const auto got = ask_from_other_namespace(kernel, proc, c.fd().fd());
            if (!got)
                SKIP_TEST(got.missing);
            for (const char* name : {"get_pid", "get_ppid", "get_creds", "get_cgroupid", "get_info",
                                     "get_namespace", "open_proc", "access_proc", "send_signal"}) {
                CAPTURE(kernel.name, proc, name);
                CHECK(got->errors[attempt_of(name)] == if_reaped_elsewhere(kernel));
            }
            CHECK_FALSE(got->alive);
        }
    }
}
