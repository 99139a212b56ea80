// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/emulated.hpp"
#include "support/nested.hpp"

#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr question<process_info> get_info = &pidfd_view::get_info;

/// Whether get_info returns the same values as the single queries.
void check_like_the_others(const process_info& info, const surroundings& around, int fd) {
    const auto pid = ask_in(around, fd, &pidfd_view::get_pid);
    const auto ppid = ask_in(around, fd, &pidfd_view::get_ppid);
    const auto creds = ask_in(around, fd, &pidfd_view::get_creds);
    const auto cgroupid = ask_in(around, fd, &pidfd_view::get_cgroupid);
    REQUIRE((pid && ppid && creds && cgroupid));
    CHECK(info.pid == pid->value);
    CHECK(info.ppid.has_value() == (ppid->error == 0));
    CHECK(info.ppid.value_or(0) == ppid->value);
    CHECK(info.creds.has_value());
    CHECK(info.creds.value_or(credentials{}) == creds->value);
    CHECK(info.cgroupid.has_value() == (cgroupid->error == 0));
    CHECK(info.cgroupid.value_or(0) == cgroupid->value);
}

/// The answers in the first process of a pid namespace.
struct family {
    relative child;
    relative grandchild;
    answer<process_info> of_self;
    answer<process_info> of_child;
    answer<process_info> of_grandchild;
};

family ask_family(const profile& kernel) {
    const relative child = make_child();
    const relative grandchild = make_grandchild();
    const int self = raw_pidfd_open(getpid(), 0);
    install(kernel.rules);
    return {child, grandchild, ask(self, get_info), ask(child.fd, get_info),
            ask(grandchild.fd, get_info)};
}

} // namespace

TEST_CASE(
    "get_info returns what the single queries return, for every living process on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = ask_in(on(kernel), s.fd, get_info);
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->value.pid == s.pid);
            CHECK(got->value.tgid == (s.name == "a thread" ? getpid() : s.pid));
            check_like_the_others(got->value, on(kernel), s.fd);
        }
    }
}

TEST_CASE("get_info of a zombie returns all fields") {
    const test_child c = test_child::zombie();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_info);
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, 0));
        if (got->error != 0)
            continue;
        CHECK(got->value.pid == c.pid());
        CHECK(got->value.tgid == c.pid());
        CHECK(got->value.ppid == getpid());
        check_like_the_others(got->value, on(kernel), c.fd().fd());
    }
}

TEST_CASE("get_info leaves out an unknown cgroup, and never returns 0 for it") {
    auto group = test_cgroup::make("-info");
    if (!group)
        SKIP_TEST("no cgroup may be made");
    test_child c = test_child::that([] { return 0; });
    REQUIRE(group->add(c.pid()));
    c.go();
    c.wait_for_end();
    group->remove();
    const auto got = ask_in(on(linux_5_10()), c.fd().fd(), get_info);
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->value.pid == c.pid());
    CHECK(got->value.ppid == getpid());
    CHECK(got->value.creds.has_value());
    CHECK_FALSE(got->value.cgroupid.has_value());
}

TEST_CASE("get_info is in the caller's pid namespace, whichever /proc is mounted") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const char* proc : {"", "fresh"}) {
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name, proc);
            surroundings around = in_pid_namespace(proc);
            const auto got = isolated(around, [&] { return ask_family(kernel); });
            if (!got)
                SKIP_TEST(got.missing);
            if (around.proc.empty() && kernel.refuses_pidfd_open()) { // which it takes there
                CHECK(got->of_self.error == (kernel.forbids() ? ERFKILL : EOPNOTSUPP));
                continue;
            }
            CHECK(got->of_self.error == 0);
            CHECK(got->of_self.value.pid == 1);
            CHECK(got->of_self.value.tgid == 1);
            CHECK_FALSE(got->of_self.value.ppid.has_value());
            CHECK(got->of_child.error == 0);
            CHECK(got->of_child.value.pid == got->child.pid);
            CHECK(got->of_child.value.tgid == got->child.pid);
            CHECK(got->of_child.value.ppid == 1);
            CHECK(got->of_grandchild.error == 0);
            CHECK(got->of_grandchild.value.pid == got->grandchild.pid);
            CHECK(got->of_grandchild.value.tgid == got->grandchild.pid);
            CHECK(got->of_grandchild.value.ppid == got->grandchild.parent);
        }
    }
}

TEST_CASE("get_info of a reaped process says that it is gone") {
    check_reaped(get_info);
}

TEST_CASE("get_info of a process in a foreign pid namespace fails with EREMOTE") {
    check_foreign(get_info);
}

TEST_CASE("get_info refuses a file descriptor that is not a pidfd") {
    check_impostors(get_info);
}

TEST_CASE("get_info without ioctl and /proc is unsupported or forbidden") {
    check_without_proc(get_info);
}

TEST_CASE("get_info without the ioctl says that /proc hides the process") {
    check_hidden(get_info);
}
