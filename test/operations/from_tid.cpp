// SPDX-License-Identifier: MIT
// from_tid and is_thread.
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/opened.hpp"
#include "support/readiness.hpp"
#include "support/sleeping_thread.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <limits>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_threads = "this kernel has no PIDFD_THREAD";
constexpr pid_t unused = std::numeric_limits<pid_t>::max();

/// The error of from_tid for any thread, or 0.
int expected_error(const profile& kernel) {
    if (kernel.refuses_pidfd_open())
        return kernel.forbids() ? ERFKILL : ENOSYS;
    for (const rule& r : kernel.rules)
        if (r.number == SYS_pidfd_open && r.value == uapi::pidfd_thread)
            return EOPNOTSUPP;
    return has(feature::thread) ? 0 : EOPNOTSUPP;
}

opened look_in(const surroundings& around, pid_t tid) {
    const auto got = isolated(around, [tid] { return look_at(pidfd::from_tid(tid)); });
    REQUIRE(got);
    return *got;
}

} // namespace

TEST_CASE("from_tid opens any thread of the calling process, and the calling thread itself") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const sleeping_thread other;
    opened by_itself{};
    pid_t tid = 0;
    std::thread([&] {
        tid = own_tid();
        by_itself = look_at(pidfd::from_tid(tid));
    }).join();
    CHECK(by_itself.pid == tid);
    const opened of_other = look_at(pidfd::from_tid(other.tid()));
    CHECK(of_other.pid == other.tid());
    const opened first = look_at(pidfd::from_tid(getpid()));
    CHECK(first.pid == getpid());
    for (const opened& each : {by_itself, of_other, first}) {
        CHECK(each.error == 0);
        CHECK(each.cloexec);
        CHECK(each.thread);
    }
}

TEST_CASE("from_tid opens every living thread on every kernel that can, without any right over it, "
          "and is unsupported before Linux 6.9") {
    // One of a process with two threads, by its id, in addition to those of `living`.
    talking_child c({"thread", "tid", "sleep"});
    std::vector<pid_t> ids{c.number("tid"), c.pid()};
    const std::vector<subject> all = living();
    for (const subject& s : all)
        ids.push_back(s.pid);
    for (const profile& kernel : all_profiles()) {
        surroundings stranger = on(kernel);
        if (geteuid() == 0)
            stranger.uid = 65534;
        for (const pid_t tid : ids) {
            CAPTURE(kernel.name, tid);
            const opened got = look_in(stranger, tid);
            CHECK(got.error == expected_error(kernel));
            CHECK(got.pid == (got.error == 0 ? tid : 0));
            CHECK(got.cloexec == (got.error == 0));
            CHECK(got.thread == (got.error == 0));
        }
    }
}

TEST_CASE("from_tid refuses ids that no thread can have as invalid arguments on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const pid_t tid : {0, -1, std::numeric_limits<pid_t>::min()}) {
            CAPTURE(kernel.name, tid);
            CHECK(look_in(on(kernel), tid).error == EINVAL);
        }
    }
}

TEST_CASE("from_tid of an unused id says that there is no such thread, and is unsupported where a "
          "thread cannot be opened at all") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const int expected = expected_error(kernel);
        CHECK(look_in(on(kernel), unused).error == (expected != 0 ? expected : ESRCH));
    }
}

TEST_CASE("from_tid does not mistake a thread that is gone for an old kernel") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    // Before Linux 6.16 the kernel returns EINVAL for a thread that is gone, as it does for an
    // unknown flag.
    for (const int error : {EINVAL, ENOENT, ESRCH}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no such thread",
                         {{SYS_pidfd_open, error, 0, ~0U, static_cast<std::uint32_t>(unused)}}};
        CHECK(look_in(around, unused).error == ESRCH);
    }
}

TEST_CASE("from_tid of a thread that has exited says that it is gone, while its process lives") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    // In a separate pid namespace, where no other thread gets the id meanwhile.
    const auto got = isolated(in_pid_namespace(""), [] {
        sleeping_thread thread;
        const auto before = pidfd::from_tid(thread.tid());
        thread.end();
        return before && hangs_up(before->fd()) ? error_of(pidfd::from_tid(thread.tid())) : -1;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == ESRCH);
}

TEST_CASE(
    "from_tid opens the first thread of a zombie, and of a process whose other threads live") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const test_child zombie = test_child::zombie();
    const opened of_zombie = look_at(pidfd::from_tid(zombie.pid()));
    CHECK(of_zombie.error == 0);
    CHECK(of_zombie.pid == zombie.pid());

    talking_child c({"last_thread", "tid", "sleep"});
    const pid_t tid = c.number("tid");
    c.wait_for_end_of_first_thread();
    for (const pid_t each : {c.pid(), tid}) {
        const opened got = look_at(pidfd::from_tid(each));
        CHECK(got.error == 0);
        CHECK(got.pid == each);
        CHECK(got.thread);
    }
    CHECK(error_of(pidfd::from_pid(tid)) == ENOENT); // the other thread is not a process
}

TEST_CASE("from_tid takes the id that a thread has in the caller's pid namespace") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    struct facts {
        pid_t inside;
        opened got;
    };
    const auto got = isolated(in_pid_namespace(""), [] {
        const sleeping_thread own;
        return facts{own.tid(), look_at(pidfd::from_tid(own.tid()))};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->inside < 10); // ids start at 1 there
    CHECK(got->got.error == 0);
    CHECK(got->got.pid == got->inside);
}

TEST_CASE("from_tid never mistakes a filter's success without a file descriptor for fd 0") {
    surroundings around;
    around.kernel = {"error 0", {{SYS_pidfd_open, 0}}};
    CHECK(look_in(around, getpid()).error == ENOSYS);
}

TEST_CASE("from_tid without a free file descriptor fails with EMFILE, and leaves none open") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    struct facts {
        int full;
        int with_one;
        int none_such;
        int left;
    };
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [] {
        fill_fds(0);
        facts f{};
        f.full = error_of(pidfd::from_tid(own_tid()));
        close(63);
        const int before = open_fds();
        f.with_one = error_of(pidfd::from_tid(own_tid()));
        f.none_such = error_of(pidfd::from_tid(unused));
        f.left = open_fds() - before;
        return f;
    });
    REQUIRE(got);
    CHECK(got->full == EMFILE);
    CHECK(got->with_one == 0);
    CHECK(got->none_such == ESRCH);
    CHECK(got->left == 0);
}

TEST_CASE("is_thread distinguishes a pidfd of a thread from one of a process, also for the first "
          "thread") {
    struct facts {
        bool process;
        bool thread;
    };
    const auto process = pidfd::from_self();
    REQUIRE(process);
    const unique_fd first(raw_pidfd_open(getpid(), uapi::pidfd_thread));
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            return facts{process->is_thread() == false,
                         !first || pidfd_view(first.get()).is_thread() == true};
        });
        REQUIRE(got);
        CHECK(got->process);
        CHECK(got->thread);
    }
    if (!first)
        SKIP_TEST(no_threads);
    // They are of one process, all the same.
    CHECK(same_process(*process, pidfd_view(first.get())) == true);
}

TEST_CASE(
    "is_thread does not change with the state of the thread, nor with the copy of the pidfd") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    CHECK(test_child::zombie().fd().is_thread() == false);
    CHECK(test_child::reaped().fd().is_thread() == false);
    sleeping_thread t;
    const auto thread = pidfd::from_tid(t.tid());
    REQUIRE(thread);
    const auto copy = thread->duplicate();
    REQUIRE(copy);
    t.end();
    REQUIRE(hangs_up(thread->fd()));
    for (const pidfd_view each : {pidfd_view(*thread), pidfd_view(*copy)})
        CHECK(each.is_thread() == true);
}

TEST_CASE("is_thread refuses a file descriptor that is not a pidfd") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got =
                isolated(on(kernel), [&] { return error_of(pidfd_view(s.fd).is_thread()); });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
        CAPTURE(kernel.name);
        const auto closed =
            isolated(on(kernel), [] { return error_of(pidfd_view(9999).is_thread()); });
        REQUIRE(closed);
        CHECK(*closed == EBADF);
    }
    CHECK(error_of(pidfd_view().is_thread()) == EBADF);
}

TEST_CASE("is_thread does not mistake a filter's empty answer for a pidfd of a process") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const auto thread = pidfd::from_tid(own_tid());
    REQUIRE(thread);
    for (const int error : {0, ENOSYS, EPERM}) {
        CAPTURE(error);
        const auto got = isolated(on({"fcntl", {{uapi::sys_fcntl, error}}}),
                                  [&] { return error_of(thread->is_thread()); });
        REQUIRE(got);
        CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
    }
}
