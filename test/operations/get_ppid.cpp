// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/emulated.hpp"
#include "support/nested.hpp"

#include <fstream>
#include <sched.h>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr question<pid_t> get_ppid = &pidfd_view::get_ppid;

/// The fourth field of stat, which is not the file that the library reads.
pid_t shown_parent(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t state = text.rfind(')') + 2;
    return std::stoi(text.substr(state + 2));
}

void check(const answer<pid_t>& got, pid_t parent) {
    CHECK(got.error == (parent == 0 ? EADDRNOTAVAIL : 0));
    CHECK(got.value == parent);
}

/// Parents and children in one pid namespace, as its first process sees them.
struct family {
    answer<pid_t> self;
    answer<pid_t> child;
    answer<pid_t> grandchild;
    answer<pid_t> zombie;
    answer<pid_t> in_namespace_below;
    pid_t grandchilds_parent;
    pid_t parent_below;
};

family ask_family(const profile& kernel) {
    const relative child = make_child();
    const relative grandchild = make_grandchild();
    const relative zombie = make_zombie();
    const relative below = make_grandchild_in_namespace();
    const int self = raw_pidfd_open(getpid(), 0);
    install(kernel.rules);
    return {ask(self, get_ppid),
            ask(child.fd, get_ppid),
            ask(grandchild.fd, get_ppid),
            ask(zombie.fd, get_ppid),
            ask(below.fd, get_ppid),
            grandchild.parent,
            below.parent};
}

/// A process that was put into a pid namespace from outside, as the first process there sees it.
struct joined {
    pid_t pid; // -1 where it could not be made
    answer<pid_t> told_pid;
    answer<pid_t> told_parent;
};

joined ask_joined(const profile& kernel, bool fresh_proc) {
    int go[2];
    int report[2];
    joined result{-1, {}, {}};
    if (pipe(go) != 0 || pipe(report) != 0 || unshare(CLONE_NEWPID) != 0)
        return result;
    if (fork() == 0) {
        char byte = 0;
        (void)!read(go[0], &byte, 1);
        const int fd = raw_pidfd_open(2, 0);
        if (fd >= 0 && (!fresh_proc || mount_fresh_proc()) && install(kernel.rules))
            result = {2, ask(fd, &pidfd_view::get_pid), ask(fd, get_ppid)};
        (void)!write(report[1], &result, sizeof result);
        _exit(0);
    }
    make_child();
    (void)!write(go[1], "g", 1);
    (void)!read(report[0], &result, sizeof result);
    return result;
}

} // namespace

TEST_CASE("get_ppid returns the parent of every living process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = ask_in(on(kernel), s.fd, get_ppid);
            REQUIRE(got);
            check(*got, shown_parent(s.pid));
            if (s.name == "a child")
                check(*got, getpid());
        }
    }
}

TEST_CASE("get_ppid of a zombie returns the parent that has not reaped it") {
    const test_child c = test_child::zombie();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_ppid);
        REQUIRE(got);
        if (cannot_see_reaping(kernel)) {
            CHECK(got->error == if_ended(kernel, 0));
            continue;
        }
        check(*got, getpid());
    }
}

TEST_CASE("get_ppid of a reaped process says that it is gone") {
    check_reaped(get_ppid);
}

TEST_CASE("get_ppid of a process in a foreign pid namespace fails with EREMOTE") {
    check_foreign(get_ppid);
}

TEST_CASE("get_ppid refuses a file descriptor that is not a pidfd") {
    check_impostors(get_ppid);
}

TEST_CASE("get_ppid without ioctl and /proc is unsupported or forbidden") {
    check_without_proc(get_ppid);
}

TEST_CASE("get_ppid without the ioctl says that /proc hides the process") {
    check_hidden(get_ppid);
}

TEST_CASE("get_ppid is in the caller's pid namespace, whichever /proc is mounted") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const char* proc : {"", "fresh"}) {
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name, proc);
            surroundings around = in_pid_namespace(proc);
            const auto got = isolated(around, [&] { return ask_family(kernel); });
            if (!got)
                SKIP_TEST(got.missing);
            // The translation between the namespaces needs pidfd_open.
            if (around.proc.empty() && kernel.refuses_pidfd_open()) {
                const int error = kernel.forbids() ? ERFKILL : EOPNOTSUPP;
                CHECK(got->self.error == error);
                CHECK(got->child.error == error);
                CHECK(got->grandchild.error == error);
                CHECK(got->in_namespace_below.error == error);
                continue;
            }
            CHECK(got->self.error == EADDRNOTAVAIL);
            check(got->child, 1);
            if (cannot_see_reaping(kernel))
                CHECK(got->zombie.error == if_ended(kernel, 0));
            else
                check(got->zombie, 1);
            check(got->grandchild, got->grandchilds_parent);
            check(got->in_namespace_below, got->parent_below);
        }
    }
}

TEST_CASE("get_ppid never names a parent outside of the caller's pid namespace, or process 0") {
    std::vector<profile> kernels = all_profiles();
    // Linux 6.13 gives this answer for such a process.
    kernels.push_back(info_refused("6.13", ESRCH));
    for (const profile& kernel : kernels) {
        for (const bool fresh_proc : {false, true}) {
            CAPTURE(kernel.name, fresh_proc);
            surroundings around;
            around.user_namespace = geteuid() != 0; // which may make the pid namespace
            const auto got = isolated(around, [&] { return ask_joined(kernel, fresh_proc); });
            if (!got)
                SKIP_TEST(got.missing);
            if (got->pid < 0)
                SKIP_TEST("no pid namespace may be made");
            if (!fresh_proc && kernel.refuses_pidfd_open()) {
                const int error = kernel.forbids() ? ERFKILL : EOPNOTSUPP;
                CHECK(got->told_pid.error == error);
                CHECK(got->told_parent.error == error);
                continue;
            }
            check(got->told_pid, 2);
            CHECK(got->told_parent.error == EADDRNOTAVAIL);
            CHECK(pidfd_errc::no_visible_parent ==
                  std::error_code(got->told_parent.error, pidfd_category()));
        }
    }
}
