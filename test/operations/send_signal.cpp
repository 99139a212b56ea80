// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include "kernel/uapi.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <limits>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// Signals that are valid on every architecture, for sending to processes that must not receive
/// them.
constexpr int signals[] = {0, SIGTERM, SIGKILL};

surroundings refusing(int error) {
    surroundings around;
    around.kernel = {"no pidfd_send_signal", {{SYS_pidfd_send_signal, error}}};
    return around;
}

std::atomic<pid_t> receiver{0};

void note_receiver(int) {
    receiver = static_cast<pid_t>(syscall(SYS_gettid));
}

} // namespace

TEST_CASE("send_signal of 0 succeeds for a living process and changes nothing") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const int error = error_of(pidfd_view(s.fd).send_signal(0));
        const bool mine =
            geteuid() == 0 || s.name == "a child" || s.name == "the caller" || s.name == "a thread";
        CHECK(error == (mine ? 0 : EPERM));
    }
}

TEST_CASE("send_signal delivers the signal") {
    for (const int signal : {SIGTERM, SIGKILL, SIGRTMIN}) {
        CAPTURE(signal);
        test_child c = test_child::running();
        REQUIRE(c.fd().send_signal(signal));
        const auto status = c.fd().wait();
        c.disown();
        REQUIRE(status);
        CHECK(status->signal() == signal);
    }
}

TEST_CASE("kill ends the process") {
    test_child c = test_child::running();
    REQUIRE(c.fd().kill());
    const auto status = c.fd().wait();
    c.disown();
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("send_signal to the caller itself reaches it") {
    const auto got = isolated({}, [] {
        std::signal(SIGUSR1, note_receiver);
        const auto self = pidfd::from_self();
        return self && self->send_signal(SIGUSR1) && receiver == getpid();
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("send_signal with a thread's pidfd reaches that thread") {
    struct result {
        bool supported;
        pid_t tid;
        int error;
        pid_t hit;
    };
    const auto got = isolated({}, [] {
        std::signal(SIGUSR1, note_receiver);
        std::atomic<pid_t> tid{0};
        std::thread thread([&] {
            tid = static_cast<pid_t>(syscall(SYS_gettid));
            while (receiver == 0)
                usleep(1000);
        });
        while (tid == 0)
            usleep(100);
        const int fd = raw_pidfd_open(tid, uapi::pidfd_thread);
        result r{fd >= 0, tid, -1, 0};
        if (fd >= 0)
            r.error = error_of(pidfd_view(fd).send_signal(SIGUSR1));
        if (r.error != 0)
            receiver = -1; // lets the thread end
        thread.join();
        r.hit = receiver;
        return r;
    });
    REQUIRE(got);
    if (!got->supported)
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    CHECK(got->error == 0);
    CHECK(got->hit == got->tid);
}

TEST_CASE("send_signal of an invalid signal number is an invalid argument on any file descriptor") {
    const test_child running = test_child::running();
    const test_child reaped = test_child::reaped();
    for (const int signal :
         {-1, 65, 1000, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
        CAPTURE(signal);
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name);
            surroundings around;
            around.kernel = kernel;
            const auto got =
                isolated(around, [&] { return error_of(running.fd().send_signal(signal)); });
            REQUIRE(got);
            CHECK(*got == EINVAL);
        }
        CHECK(error_of(reaped.fd().send_signal(signal)) == EINVAL);
    }
    CHECK(running.fd().is_alive() == true);
}

TEST_CASE("send_signal to a zombie succeeds, without effect") {
    test_child c = test_child::zombie(7);
    for (const int signal : signals) {
        CAPTURE(signal);
        CHECK(error_of(c.fd().send_signal(signal)) == 0);
    }
    const auto status = c.fd().wait();
    c.disown();
    REQUIRE(status);
    CHECK(status->code() == 7);
}

TEST_CASE("send_signal to a reaped process says that it is gone") {
    const test_child c = test_child::reaped();
    for (const int signal : signals) {
        CAPTURE(signal);
        const auto sent = c.fd().send_signal(signal);
        REQUIRE_FALSE(sent);
        CHECK(sent.error() == pidfd_errc::not_found);
    }
}

TEST_CASE("send_signal never reaches the process that was given the pid afterwards") {
    struct result {
        bool reused;
        int error;
        bool other_lives;
    };
    // In a pid namespace of its own the caller may choose the pids of its children.
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    const auto got = isolated(around, [] {
        const pid_t first = fork();
        if (first == 0)
            _exit(0);
        const auto fd = pidfd::from_pid(first);
        waitpid(first, nullptr, 0);
        const std::uint64_t set_tid = reinterpret_cast<std::uintptr_t>(&first);
        // struct clone_args up to Linux 5.5: exit_signal is its fifth member, set_tid its ninth.
        const std::uint64_t arguments[10] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0, set_tid, 1};
        const auto second = static_cast<pid_t>(syscall(SYS_clone3, arguments, sizeof arguments));
        if (second == 0)
            for (;;)
                pause();
        result r{second == first, error_of(fd->send_signal(SIGKILL)), false};
        r.other_lives = second > 0 && pidfd::from_pid(second)->is_alive() == true;
        if (second > 0) {
            kill_made(second);
            waitpid(second, nullptr, 0);
        }
        return r;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST("no pid can be chosen here");
    CHECK(got->error == ESRCH);
    CHECK(got->other_lives);
}

TEST_CASE(
    "send_signal to another user's process is EPERM, and not reported as a sandbox's refusal") {
    const test_child c = test_child::running();
    surroundings around;
    around.uid = 65534;
    for (const int signal : signals) {
        CAPTURE(signal);
        const auto got = isolated(around, [&] {
            const auto sent = c.fd().send_signal(signal);
            return !sent && sent.error() == std::errc::operation_not_permitted &&
                   sent.error().value() == EPERM &&
                   sent.error() != pidfd_errc::forbidden_by_sandbox;
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got);
    }
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("send_signal reports a sandbox that refuses it") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        const auto got = isolated(refusing(error), [&] { return error_of(c.fd().send_signal(0)); });
        REQUIRE(got);
        CHECK(*got == ERFKILL);
    }
}

TEST_CASE("send_signal does not believe a filter that a pidfd is something else") {
    const test_child c = test_child::running();
    const auto got =
        isolated(refusing(EBADF), [&] { return error_of(c.fd().send_signal(SIGTERM)); });
    REQUIRE(got);
    CHECK(*got == EIO);
}

TEST_CASE("send_signal without the system call is unsupported, and has no fallback") {
    const test_child c = test_child::running();
    const auto got = isolated(refusing(ENOSYS), [&] {
        const auto sent = c.fd().send_signal(SIGKILL);
        return !sent && sent.error() == pidfd_errc::unsupported;
    });
    REQUIRE(got);
    CHECK(*got);
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("send_signal into a foreign pid namespace fails with EREMOTE, and does not arrive") {
    const test_child c = test_child::running();
    for (const char* proc : {"", "fresh"}) {
        for (const int signal : signals) {
            CAPTURE(proc, signal);
            surroundings around;
            around.pid_namespace = true;
            around.proc = proc;
            const auto got = isolated(around, [&] { return error_of(c.fd().send_signal(signal)); });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(*got == EREMOTE);
        }
    }
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("send_signal to a zombie in a foreign pid namespace reports it as foreign, not as gone") {
    const test_child c = test_child::zombie();
    surroundings around;
    around.pid_namespace = true;
    const auto got = isolated(around, [&] { return error_of(c.fd().send_signal(0)); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EREMOTE);
}

TEST_CASE("send_signal to a reaped process of a foreign pid namespace says that it is gone") {
    const test_child c = test_child::reaped();
    for (const char* proc : {"", "fresh"}) {
        CAPTURE(proc);
        surroundings around;
        around.pid_namespace = true;
        around.proc = proc;
        const auto got = isolated(around, [&] { return error_of(c.fd().send_signal(SIGKILL)); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == if_reaped_elsewhere(native()));
    }
}

TEST_CASE("send_signal refuses a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got =
                isolated(around, [&] { return error_of(pidfd_view(s.fd).send_signal(0)); });
            REQUIRE(got);
            // The kernel takes a /proc/PID directory for the process, as the docs say.
            CHECK(*got == (s.name == "a directory of /proc/PID" ? 0 : EBADFD));
        }
    }
}

TEST_CASE("send_signal with an empty or a closed handle fails with EBADF") {
    for (const int signal : signals) {
        CHECK(error_of(pidfd_view().send_signal(signal)) == EBADF);
        CHECK(error_of(pidfd_view(999).send_signal(signal)) == EBADF);
    }
}

TEST_CASE("send_signal with a negative number sends no signal, not even to the caller") {
    // Linux 6.16 and later have numbers that stand for the calling thread and process.
    for (const int number : {-10000, -10001, -10002, -20000, std::numeric_limits<int>::min()}) {
        CAPTURE(number);
        const auto got =
            isolated({}, [&] { return error_of(pidfd_view(number).send_signal(SIGUSR1)); });
        REQUIRE(got);
        CHECK(*got == EBADF);
    }
}
