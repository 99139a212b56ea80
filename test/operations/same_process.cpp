// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/nested.hpp"
#include "support/sleeping_thread.hpp"

#include "kernel/uapi.hpp"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct verdict {
    int error;
    bool same;
};

verdict compare(int a, int b) {
    const auto got = same_process(pidfd_view(a), pidfd_view(b));
    return {error_of(got), got.value_or(false)};
}

verdict compare_in(const surroundings& around, int a, int b) {
    const auto got = isolated(around, [=] { return compare(a, b); });
    if (!got)
        skip_at_once(got.missing);
    return *got;
}

/// Where processes have ids, and where only /proc can tell.
std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

/// Whether the profile's answers come from the ids.
bool by_id(const profile& kernel) {
    return has(feature::pidfs) &&
           (kernel.name == native().name || kernel.name == linux_6_12().name);
}

/// Checks both orders of the arguments.
void check(const surroundings& around, int a, int b, bool same) {
    for (const verdict& got : {compare_in(around, a, b), compare_in(around, b, a)}) {
        CHECK(got.error == 0);
        CHECK(got.same == same);
    }
}

void check_error(const surroundings& around, int a, int b, int error) {
    const verdict got = compare_in(around, a, b);
    CHECK(got.error == error);
}

} // namespace

TEST_CASE("same_process returns true for two pidfds of one process, and for a pidfd and itself") {
    for (const subject& s : living()) {
        const unique_fd copy(pidfd_view(s.fd).duplicate()->release());
        const unique_fd again(raw_pidfd_open(s.pid, s.name == "a thread" ? uapi::pidfd_thread : 0));
        for (const profile& kernel : kernels()) {
            CAPTURE(kernel.name, s.name);
            check(on(kernel), s.fd, s.fd, true);
            check(on(kernel), s.fd, copy.get(), true);
            check(on(kernel), s.fd, again.get(), true);
        }
    }
}

TEST_CASE("same_process returns false for any two processes") {
    const std::vector<subject> all = living();
    for (const profile& kernel : kernels())
        for (const subject& a : all)
            for (const subject& b : all)
                if (&a < &b) {
                    CAPTURE(kernel.name, a.name, b.name);
                    check(on(kernel), a.fd, b.fd, false);
                }
}

TEST_CASE("same_process distinguishes the threads of a process, but not its first thread from the "
          "process") {
    if (!has(feature::thread))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    const sleeping_thread one;
    const sleeping_thread two;
    const pidfd self = *pidfd::from_self();
    const pidfd first = *pidfd::from_tid(getpid());
    const pidfd thread = *pidfd::from_tid(one.tid());
    const pidfd again = *pidfd::from_tid(one.tid());
    const pidfd other = *pidfd::from_tid(two.tid());
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        check(on(kernel), self.fd(), first.fd(), true);
        check(on(kernel), thread.fd(), again.fd(), true);
        check(on(kernel), self.fd(), thread.fd(), false);
        check(on(kernel), first.fd(), thread.fd(), false);
        check(on(kernel), thread.fd(), other.fd(), false);
    }
}

TEST_CASE("same_process works for zombies, and for reaped processes where they have ids") {
    test_child c = test_child::zombie();
    const test_child other = test_child::running();
    const pidfd copy = *c.fd().duplicate();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        check(on(kernel), c.fd().fd(), copy.fd(), true);
        check(on(kernel), c.fd().fd(), other.fd().fd(), false);
    }
    c.reap();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        if (by_id(kernel)) {
            check(on(kernel), c.fd().fd(), copy.fd(), true);
            check(on(kernel), c.fd().fd(), other.fd().fd(), false);
            continue;
        }
        check_error(on(kernel), c.fd().fd(), copy.fd(), ESRCH);
        check_error(on(kernel), c.fd().fd(), other.fd().fd(), ESRCH);
        check_error(on(kernel), other.fd().fd(), c.fd().fd(), ESRCH);
    }
}

TEST_CASE("same_process never takes the new owner of a pid for the old one") {
    struct result {
        bool reused;
        verdict old_first;
        verdict heir_first;
    };
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated(in_pid_namespace("fresh"), [&]() -> result {
            const relative old = make_child();
            kill_made(old.pid);
            waitpid(old.pid, nullptr, 0);
            const pid_t heir = fork_sleeper_with_pid(old.pid);
            const int fd = raw_pidfd_open(old.pid, 0);
            if (heir != old.pid || !install(kernel.rules))
                return {};
            return {true, compare(old.fd, fd), compare(fd, old.fd)};
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        for (const verdict& v : {got->old_first, got->heir_first}) {
            CHECK_FALSE(v.same);
            CHECK(v.error == (by_id(kernel) ? 0 : ESRCH));
        }
    }
}

TEST_CASE("same_process works in a foreign pid namespace, where ids or /proc show the processes") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    const pidfd copy = *c.fd().duplicate();
    for (const profile& kernel : kernels())
        for (const char* proc : {"", "fresh"}) {
            CAPTURE(kernel.name, proc);
            surroundings inside = in_pid_namespace(proc);
            inside.kernel = kernel;
            if (by_id(kernel) || *proc == '\0') {
                check(inside, c.fd().fd(), copy.fd(), true);
                check(inside, c.fd().fd(), other.fd().fd(), false);
            } else {
                check_error(inside, c.fd().fd(), copy.fd(), EREMOTE);
                check_error(inside, c.fd().fd(), other.fd().fd(), EREMOTE);
            }
        }
}

TEST_CASE("same_process needs /proc only where processes have no ids") {
    const test_child c = test_child::running();
    const pidfd copy = *c.fd().duplicate();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        surroundings around = with_proc("none");
        around.kernel = kernel;
        if (by_id(kernel))
            check(around, c.fd().fd(), copy.fd(), true);
        else
            check_error(around, c.fd().fd(), copy.fd(), EOPNOTSUPP);
    }
}

TEST_CASE("same_process in a sandbox gives no wrong answer") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    const test_child gone = test_child::reaped();
    const pidfd copy = *c.fd().duplicate();
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        CAPTURE(kernel.name);
        const verdict same = compare_in(on(kernel), c.fd().fd(), copy.fd());
        CHECK(same.error == 0);
        CHECK(same.same);
        const verdict different = compare_in(on(kernel), c.fd().fd(), other.fd().fd());
        CHECK(different.error == 0);
        CHECK_FALSE(different.same);
        check_error(on(kernel), gone.fd().fd(), c.fd().fd(), if_ended(kernel, ESRCH));
    }
}

TEST_CASE("same_process refuses what is not a pidfd, at either place") {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            if (s.name == "the place of a pidfd") // has the pidfd's own id
                continue;
            CAPTURE(kernel.name, s.name);
            check_error(on(kernel), s.fd, c.fd().fd(), EBADFD);
            check_error(on(kernel), c.fd().fd(), s.fd, EBADFD);
            check_error(on(kernel), s.fd, s.fd, EBADFD);
        }
        for (const int closed : {-1, 9999}) {
            CAPTURE(kernel.name, closed);
            check_error(on(kernel), closed, c.fd().fd(), EBADF);
            check_error(on(kernel), c.fd().fd(), closed, EBADF);
            check_error(on(kernel), closed, closed, EBADF);
        }
    }
}
