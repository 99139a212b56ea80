// SPDX-License-Identifier: MIT
// child::stop together with a cgroup.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/opened_cgroup.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/cgroup.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

using owner = pidfd_util::child;

constexpr stop_step quick[] = {{SIGTERM, 10ms}, {SIGKILL, 1h}};

/// A child in a cgroup, which has left behind a process there that is deaf to SIGTERM and in a
/// session of its own. The process holds a pipe open.
class job {
public:
    explicit job(const test_cgroup& home, bool child_lives, bool with_process = true) {
        REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
        struct plan {
            const test_cgroup& home;
            int (&ends)[2];
            bool child_lives;
            bool with_process;
        } p{home, ends_, child_lives, with_process};
        const auto run = [](void* argument) -> int {
            const plan& of = *static_cast<plan*>(argument);
            restore_signals();
            std::signal(SIGTERM, SIG_DFL);
            if (!of.home.add(0))
                return 1;
            if (of.with_process && fork() == 0) {
                std::signal(SIGTERM, SIG_IGN);
                setsid();
                alarm(60); // if the library fails to end it
                (void)!write(of.ends[1], "j", 1);
                for (;;)
                    pause();
            }
            if (!of.with_process)
                (void)!write(of.ends[1], "j", 1);
            close(of.ends[1]);
            while (of.child_lives)
                pause();
            return 7;
        };
        int fd = -1;
        REQUIRE(fork_with_pidfd(run, &p, fd) > 0);
        child = owner_of(fd);
        close(ends_[1]);
        char byte = 0;
        REQUIRE(read(ends_[0], &byte, 1) == 1);
        if (!child_lives)
            REQUIRE(child.wait_exit());
    }
    job(const job&) = delete;
    job& operator=(const job&) = delete;
    ~job() {
        (void)!child.kill();
        (void)!child.wait();
        close(ends_[0]);
    }

    bool is_over() const {
        pollfd p{ends_[0], POLLIN, 0};
        return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
    }

    owner child;

private:
    int ends_[2] = {-1, -1};
};

std::optional<handle> open_made(const std::optional<test_cgroup>& made) {
    if (!made)
        return {};
    auto opened = handle::open(made->path().c_str());
    REQUIRE(opened);
    return std::move(*opened);
}

} // namespace

TEST_CASE("a stop with a cgroup kills what the child has left behind, although it has ended") {
    const auto made = test_cgroup::make("-left");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    const auto outside = test_child::running();
    job j(*made, false);
    const auto result = j.child.stop(*opened, quick);
    REQUIRE(result);
    CHECK(result->status.code() == 7);
    CHECK(result->step == 1);
    CHECK(j.is_over());
    CHECK(opened->is_empty().value());
    CHECK(*outside.fd().is_alive());
}

TEST_CASE("a stop with a cgroup signals the child first, and then kills the rest") {
    const auto made = test_cgroup::make("-both");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    job j(*made, true);
    const auto result = j.child.stop(*opened, quick);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
    CHECK(result->step == 1);
    CHECK(j.is_over());
}

TEST_CASE("a stop with a cgroup is complete at once if the child was alone in it") {
    const auto made = test_cgroup::make("-alone");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    job j(*made, true, false);
    constexpr stop_step patient[] = {{SIGTERM, 1h}};
    const auto result = j.child.stop(*opened, patient);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
    CHECK(result->step == 0);
    const auto again = j.child.stop(*opened, patient);
    REQUIRE(again);
    CHECK_FALSE(again->step);
}

TEST_CASE("a stop with a cgroup, and without SIGKILL, times out, and loses no status") {
    const auto made = test_cgroup::make("-gentle");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    job j(*made, true);
    constexpr stop_step gentle[] = {{SIGTERM, 30ms}};
    CHECK(timed_out(j.child.stop(*opened, gentle)));
    CHECK_FALSE(j.is_over());
    CHECK(j.child.wait_for(20s).value().signal() == SIGTERM);
    const auto result = j.child.stop(*opened, quick);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
    CHECK(j.is_over());
}

TEST_CASE("a stop with a cgroup that is frozen, or in which the child is not, ends both") {
    const auto made = test_cgroup::make("-elsewhere");
    const auto opened = open_made(made);
    const auto other = test_cgroup::make("-there");
    if (!opened || !other)
        SKIP_TEST(no_cgroup);
    job j(*made, true);
    REQUIRE(other->add(j.child.get_pid().value_or(-1)));
    REQUIRE(opened->freeze());
    constexpr stop_step steps[] = {{SIGKILL, 1h}};
    const auto result = j.child.stop(*opened, steps);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGKILL);
    CHECK(j.is_over());
}

TEST_CASE("a stop with a cgroup kills a child that the caller may not signal") {
    const auto made = test_cgroup::make("-forbidden");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    if (access((made->path() + "/cgroup.kill").c_str(), F_OK) != 0)
        SKIP_TEST("no cgroup.kill, before Linux 5.14");
    surroundings around;
    around.kernel = {"no signals", {{SYS_pidfd_send_signal, EPERM}}};
    const auto got = isolated(around, [&] {
        int fd = -1;
        const pid_t pid = fork_sleeping(fd);
        owner c = owner_of(fd);
        if (!made->add(pid))
            return 0;
        const stop_step steps[] = {{SIGKILL, 20s}};
        const auto stopped = c.stop(*opened, steps);
        kill_made(pid);
        return stopped ? stopped->status.signal().value_or(0) : -stopped.error().value();
    });
    REQUIRE(got);
    CHECK(*got == SIGKILL);
}

TEST_CASE("a stop with a cgroup goes on to SIGKILL after a signal that is not permitted") {
    const auto made = test_cgroup::make("-denied");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    if (access((made->path() + "/cgroup.kill").c_str(), F_OK) != 0)
        SKIP_TEST("no cgroup.kill, before Linux 5.14");
    surroundings denied;
    denied.kernel = {"no signals", {{SYS_pidfd_send_signal, EPERM}}};
    struct facts {
        int result;
        int step;
    };
    static constexpr stop_step steps[] = {{SIGTERM, 0s}, {SIGCONT, 1ms}, {SIGKILL, 20s}};
    const auto got = isolated(denied, [&] {
        int fd = -1;
        const pid_t pid = fork_sleeping(fd);
        owner c = owner_of(fd);
        if (!made->add(pid))
            return facts{0, 0};
        const auto stopped = c.stop(*opened, steps);
        kill_made(pid);
        return facts{stopped ? stopped->status.signal().value_or(0) : -stopped.error().value(),
                     stopped && stopped->step ? static_cast<int>(*stopped->step) : -1};
    });
    REQUIRE(got);
    CHECK(got->result == SIGKILL);
    CHECK(got->step == 2);
}

TEST_CASE("a stop with a cgroup and no steps has the default steps") {
    const auto made = test_cgroup::make("-default");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    job j(*made, true, false);
    const auto result = j.child.stop(*opened);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
}

TEST_CASE("a stop with what is not a cgroup fails, and with a removed one stops the child") {
    owner first = sleeping();
    CHECK(error_of(first.stop(cgroup_view(), quick)) == EBADF);
    CHECK(first.stop());
    const test_child bad = test_child::running();
    owner second = sleeping();
    CHECK(error_of(second.stop(cgroup_view(bad.fd().fd()), quick)) == EMEDIUMTYPE);
    CHECK(second.stop());
    auto made = test_cgroup::make("-gone");
    const auto opened = open_made(made);
    if (!opened)
        SKIP_TEST(no_cgroup);
    made->remove();
    for (const int signal : {SIGTERM, SIGKILL}) {
        owner third = sleeping();
        const stop_step steps[] = {{signal, 20s}};
        const auto result = third.stop(*opened, steps);
        REQUIRE(result);
        CHECK(result->status.signal() == signal);
    }
}
