// SPDX-License-Identifier: MIT
// Processes of pid namespaces that the caller cannot see. None is mistaken for the process with the
// same number in the caller's namespace, and no living one is reported as gone.
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct facts {
    by_operation<int> errors;
    int get_pid;
    int get_ppid;
    int get_info;
    int send_signal;
    pid_t pid; // 0 without an answer
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
        f.errors = attempt_all(p);
        f.get_pid = error_of(p.get_pid());
        f.get_ppid = error_of(p.get_ppid());
        f.get_info = error_of(p.get_info());
        f.send_signal = error_of(p.send_signal(0));
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

TEST_CASE("a process of a sibling pid namespace is not mistaken for the process with the same "
          "number here") {
    // The process is pid 1 of its namespace, and the caller is pid 1 of another one.
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
            CHECK(got->get_pid == EREMOTE);
            CHECK(got->get_ppid == EREMOTE);
            CHECK(got->get_info == EREMOTE);
            CHECK(got->send_signal == EREMOTE);
            CHECK(got->pid == 0);
            CHECK(got->alive);
            CHECK_FALSE(got->own_directory);
            for (const operation_row* o : operations_on_any())
                CHECK(got->errors[*o] != ESRCH);
        }
    }
}

TEST_CASE("a living process that the caller cannot see is never reported as gone") {
    const test_child c = test_child::running();
    for (const profile& kernel : kernels()) {
        for (const char* proc : {"", "fresh", "none"}) {
            const auto got = ask_from_other_namespace(kernel, proc, c.fd().fd());
            if (!got)
                SKIP_TEST(got.missing);
            for (const operation_row* o : operations_on_any()) {
                CAPTURE(kernel.name, proc, o->name);
                CHECK(got->errors[*o] != ESRCH);
            }
            CHECK(got->alive);
        }
    }
}

TEST_CASE("a reaped process is reported as gone in every pid namespace") {
    const test_child c = test_child::reaped();
    for (const profile& kernel : kernels()) {
        for (const char* proc : {"", "fresh"}) {
            const auto got = ask_from_other_namespace(kernel, proc, c.fd().fd());
            if (!got)
                SKIP_TEST(got.missing);
            for (const operation_row* o : operations_on_any()) {
                CAPTURE(kernel.name, proc, o->name, got->errors[*o]);
                if (o->after == once_reaped::gone && !o->bad_argument)
                    CHECK((got->errors[*o] == if_reaped_elsewhere(kernel) ||
                           (o->needs_feature && refused(got->errors[*o]))));
            }
            CHECK_FALSE(got->alive);
        }
    }
}
