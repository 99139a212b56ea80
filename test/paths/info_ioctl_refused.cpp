// SPDX-License-Identifier: MIT
// How the library interprets each errno with which PIDFD_GET_INFO fails.
#include "support/answers.hpp"
#include "support/cgroups.hpp"

#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answers {
    answer<pid_t> pid;
    answer<pid_t> ppid;
    answer<credentials> creds;
    answer<std::uint64_t> cgroupid;
    answer<process_info> info;
};

answers ask_all(int fd) {
    return {ask(fd, &pidfd_view::get_pid), ask(fd, &pidfd_view::get_ppid),
            ask(fd, &pidfd_view::get_creds), ask(fd, &pidfd_view::get_cgroupid),
            ask(fd, &pidfd_view::get_info)};
}

answers ask_all_on(const profile& kernel, int fd) {
    const auto got = isolated(on(kernel), [&] { return ask_all(fd); });
    REQUIRE(got);
    return *got;
}

void check_right_on(const profile& kernel, const test_child& c) {
    const answers got = ask_all_on(kernel, c.fd().fd());
    CHECK(got.pid.error == 0);
    CHECK(got.pid.value == c.pid());
    CHECK(got.pid.path == answer_path::fdinfo);
    CHECK(got.ppid.error == 0);
    CHECK(got.ppid.value == getpid());
    CHECK(got.ppid.path == answer_path::procfs);
    CHECK(got.creds.error == 0);
    CHECK(got.creds.value.ruid == getuid());
    CHECK(got.creds.value.fsgid == getegid());
    CHECK(got.creds.path == answer_path::procfs);
    CHECK(got.info.error == 0);
    CHECK(got.info.value.pid == c.pid());
    CHECK(got.info.value.ppid == getpid());
    CHECK(got.info.path == answer_path::procfs);
    if (cgroup2_mount().empty()) {
        const int error = kernel.rules[0].error;
        const bool forbidden = error == EPERM || error == EACCES;
        CHECK(got.cgroupid.error == (forbidden ? ERFKILL : EOPNOTSUPP));
    } else {
        CHECK(got.cgroupid.error == 0);
        CHECK(got.cgroupid.value == shown_cgroup(c.pid()));
        CHECK(got.cgroupid.path == answer_path::procfs);
    }
}

void check_error(const answers& got, int error) {
    CHECK(got.pid.error == error);
    CHECK(got.ppid.error == error);
    CHECK(got.creds.error == error);
    CHECK(got.cgroupid.error == error);
    CHECK(got.info.error == error);
}

} // namespace

TEST_CASE("where PIDFD_GET_INFO is missing or forbidden, every query answers from /proc") {
    for (const profile& kernel : without_info()) {
        CAPTURE(kernel.name);
        const test_child alive = test_child::running();
        check_right_on(kernel, alive);
        const test_child ended = test_child::zombie();
        check_right_on(kernel, ended);
        check_error(ask_all_on(kernel, test_child::reaped().fd().fd()), ESRCH);
    }
}

TEST_CASE("ESRCH of PIDFD_GET_INFO about a living process, as in Linux 6.13, is not believed") {
    const profile kernel = info_refused("ESRCH", ESRCH);
    const test_child alive = test_child::running();
    check_right_on(kernel, alive);
    const test_child ended = test_child::zombie();
    check_right_on(kernel, ended);
    check_error(ask_all_on(kernel, test_child::reaped().fd().fd()), ESRCH);
}

TEST_CASE("where PIDFD_GET_INFO returns EREMOTE, a reaped process is still reported as gone") {
    if (!has(feature::info_ioctl))
        SKIP_TEST("this kernel has no PIDFD_GET_INFO that a filter could answer for");
    if (!has(feature::info_ioctl))
        SKIP_TEST("no PIDFD_GET_INFO: the probe may know already that it is missing");
    const profile kernel = info_refused("EREMOTE", EREMOTE);
    check_error(ask_all_on(kernel, test_child::running().fd().fd()), EREMOTE);
    check_error(ask_all_on(kernel, test_child::zombie().fd().fd()), EREMOTE);
    check_error(ask_all_on(kernel, test_child::reaped().fd().fd()), ESRCH);
}

TEST_CASE("where PIDFD_GET_INFO returns ESRCH for a process in a foreign pid namespace, the "
          "process is reported as foreign") {
    const test_child alive = test_child::running();
    for (const char* proc : {"", "fresh", "none"}) {
        CAPTURE(proc);
        surroundings around = in_pid_namespace(proc);
        around.kernel = info_refused("ESRCH", ESRCH);
        const auto got = isolated(around, [&] { return ask_all(alive.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        check_error(*got, EREMOTE);
    }
}

TEST_CASE("a filter that lets PIDFD_GET_INFO succeed with nothing filled in is not believed") {
    const test_child c = test_child::running();
    check_right_on(info_refused("success", 0), c);
}

TEST_CASE("an errno of PIDFD_GET_INFO that says nothing about the kernel is returned, and the "
          "probe learns nothing") {
    if (!has(feature::info_ioctl))
        SKIP_TEST("this kernel has no PIDFD_GET_INFO that a filter could answer for");
    if (!has(feature::info_ioctl))
        SKIP_TEST("no PIDFD_GET_INFO: the probe may know already that it is missing");
    const test_child c = test_child::running();
    check_error(ask_all_on(info_refused("ENOMEM", ENOMEM), c.fd().fd()), ENOMEM);
}
