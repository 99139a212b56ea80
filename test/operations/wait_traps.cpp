// SPDX-License-Identifier: MIT
// Unusual cases of waits: interruptions, threads that outlive their leader, tracers, children that
// send no signal when they end, children that stop and continue.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int exited(int code) {
    return code << 8;
}

bool readable(int fd) {
    pollfd set{fd, POLLIN, 0};
    return poll(&set, 1, -1) == 1 && (set.revents & POLLIN) != 0;
}

void read_byte(int fd) {
    char byte = 0;
    while (read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
}

int interruptions = 0;
int release_pipe = -1;

void on_timer(int) {
    const int saved = errno;
    if (++interruptions == 5)
        (void)!write(release_pipe, "g", 1);
    errno = saved;
}

} // namespace

TEST_CASE("wait continues after every interruption by a signal") {
    if (thread_sanitizer)
        SKIP_TEST(
            "TSan runs no handler before the next call that it watches, which wait never makes");
    struct result {
        int status;
        int interruptions;
    };
    for (const int mode : {0, O_NONBLOCK}) {
        CAPTURE(mode);
        const auto got = isolated({}, [&] {
            int ends[2];
            if (pipe(ends) != 0)
                return result{};
            const pid_t pid = fork();
            if (pid == 0) {
                read_byte(ends[0]);
                _exit(7);
            }
            release_pipe = ends[1];
            const unique_fd fd(raw_pidfd_open(pid, static_cast<unsigned>(mode)));
            if (!fd)
                return result{-errno, 0};
            struct sigaction action {};
            action.sa_handler = on_timer; // without SA_RESTART
            sigaction(SIGALRM, &action, nullptr);
            const itimerval every{{0, 3000}, {0, 3000}};
            setitimer(ITIMER_REAL, &every, nullptr);
            const int status = wait_for(pidfd_view(fd.get()));
            return result{status, interruptions};
        });
        REQUIRE(got);
        if (got->status == -EINVAL)
            SKIP_TEST("this kernel has no PIDFD_NONBLOCK");
        CHECK(got->status == exited(7));
        CHECK(got->interruptions >= 5);
    }
}

TEST_CASE("wait for a process whose first thread has exited waits for the last one") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct result {
        bool leader_ended;
        int early;
        bool alive;
        bool alive_after;
        int status;
    };
    const auto got = isolated({}, [] {
        int ready[2];
        int release[2];
        if (pipe(ready) != 0 || pipe(release) != 0)
            return result{};
        const pid_t pid = fork();
        if (pid == 0) {
            std::thread([&] {
                while (state_of(getpid()) != 'Z')
                    usleep(1000);
                (void)!write(ready[1], "r", 1);
                read_byte(release[0]);
                syscall(SYS_exit_group, 9);
            }).detach();
            syscall(SYS_exit, 3);
        }
        const auto fd = pidfd::from_pid(pid);
        read_byte(ready[0]);
        result r{};
        r.leader_ended = state_of(pid) == 'Z';
        r.early = try_wait_for(*fd);
        r.alive = fd->is_alive().value_or(false);
        (void)!write(release[1], "g", 1);
        r.status = wait_for(*fd);
        r.alive_after = fd->is_alive().value_or(true);
        return r;
    });
    REQUIRE(got);
    CHECK(got->leader_ended);
    CHECK(got->early == not_yet);
    CHECK(got->alive);
    CHECK(got->status == exited(9));
    CHECK_FALSE(got->alive_after);
}

TEST_CASE("wait does not return when a thread executes a program and becomes the leader") {
    struct result {
        int status;
        bool same_pid;
    };
    const auto got = isolated({}, [] {
        const pid_t pid = fork();
        if (pid == 0) {
            std::thread([] { execl("/bin/sh", "sh", "-c", "exit 7", nullptr); }).detach();
            for (;;)
                pause();
        }
        const auto fd = pidfd::from_pid(pid);
        readable(fd->fd());
        const bool same = fd->get_pid().value_or(0) == pid;
        return result{wait_for(*fd), same};
    });
    REQUIRE(got);
    CHECK(got->status == exited(7));
    CHECK(got->same_pid);
}

TEST_CASE("wait for a killed child that is traced returns once the tracer has waited") {
    struct result {
        bool traced;
        int early;
        bool early_readable;
        int status;
    };
    for (const int mode : {0, O_NONBLOCK}) {
        CAPTURE(mode);
        const unique_fd known(raw_pidfd_open(getpid(), static_cast<unsigned>(mode)));
        if (!known)
            SKIP_TEST("this kernel has no PIDFD_NONBLOCK");
        const auto got = isolated({}, [&] {
            result r{};
            int ready[2];
            int release[2];
            if (pipe(ready) != 0 || pipe(release) != 0)
                return r;
            const pid_t pid = fork();
            if (pid == 0) {
                prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
                (void)!write(ready[1], "c", 1);
                for (;;)
                    pause();
            }
            read_byte(ready[0]);
            const pid_t tracer = fork();
            if (tracer == 0) {
                const char seized = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
                (void)!write(ready[1], &seized, 1);
                read_byte(release[0]);
                waitpid(pid, nullptr, __WALL);
                _exit(0);
            }
            char seized = 'n';
            (void)!read(ready[0], &seized, 1);
            r.traced = seized == 'y';
            const unique_fd fd(raw_pidfd_open(pid, static_cast<unsigned>(mode)));
            const pidfd_view view(fd.get());
            if (!r.traced || !fd) {
                kill_made(tracer);
                kill_made(pid);
                return r;
            }
            (void)view.kill();
            r.early_readable = readable(fd.get());
            r.early = try_wait_for(view);
            (void)!write(release[1], "g", 1);
            r.status = wait_for(view);
            return r;
        });
        REQUIRE(got);
        if (!got->traced)
            SKIP_TEST("no process can be traced here");
        CHECK(got->early_readable);
        CHECK(got->early == not_yet);
        CHECK(got->status == SIGKILL);
    }
}

TEST_CASE("wait returns the status of a child that sends no signal at its end") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto got = isolated({}, [] {
        // All arguments are zero, because their order depends on the architecture.
        const auto pid = static_cast<pid_t>(syscall(SYS_clone, 0, 0, 0, 0, 0));
        if (pid == 0)
            syscall(SYS_exit_group, 7);
        const auto fd = pidfd::from_pid(pid);
        return fd ? wait_for(*fd) : -1;
    });
    REQUIRE(got);
    CHECK(*got == exited(7));
}

TEST_CASE("wait does not return when the child stops or continues") {
    test_child c = test_child::running();
    for (int i = 0; i < 2; ++i) {
        REQUIRE(c.fd().send_signal(SIGSTOP));
        siginfo_t info{};
        REQUIRE(waitid(P_PID, static_cast<id_t>(c.pid()), &info, WSTOPPED | WNOWAIT) == 0);
        CHECK(info.si_code == CLD_STOPPED);
        CHECK(try_wait_for(c.fd()) == not_yet);
        CHECK(c.fd().is_alive() == true);
        REQUIRE(c.fd().send_signal(SIGCONT));
        REQUIRE(waitid(P_PID, static_cast<id_t>(c.pid()), &info, WCONTINUED | WNOWAIT) == 0);
        CHECK(info.si_code == CLD_CONTINUED);
        CHECK(try_wait_for(c.fd()) == not_yet);
    }
    REQUIRE(c.fd().send_signal(SIGSTOP));
    REQUIRE(c.fd().kill());
    CHECK(wait_for(c.fd()) == SIGKILL);
    c.disown();
}

TEST_CASE("wait with a thread's pidfd fails with ECHILD") {
    for (const subject& s : living()) {
        if (s.name != "a thread")
            continue;
        CHECK(wait_for(pidfd_view(s.fd)) == -ECHILD);
        CHECK(try_wait_for(pidfd_view(s.fd)) == -ECHILD);
        return;
    }
    SKIP_TEST("this kernel has no PIDFD_THREAD");
}

TEST_CASE("wait works in another thread than the one that forked") {
    test_child c = test_child::zombie(7);
    int status = -1;
    std::thread([&] { status = wait_for(c.fd()); }).join();
    c.disown();
    CHECK(status == exited(7));
}
