// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

int queue(pidfd_view process, int signal) {
    return error_of(process.queue_signal(signal, sigval{}));
}

} // namespace

TEST_CASE("queue_signal's value, code and sender arrive with the signal") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct facts {
        int error;
        int signal;
        int code;
        pid_t pid;
        uid_t uid;
        int number;
        bool pointer;
    };
    for (const int signal : {SIGUSR1, SIGRTMIN + 1, SIGRTMAX}) {
        CAPTURE(signal);
        const auto got = isolated({}, [signal] {
            facts f{};
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, signal);
            sigprocmask(SIG_BLOCK, &set, nullptr);
            const auto self = pidfd::from_self();
            sigval value{};
            value.sival_ptr = &f;
            f.error = error_of(self->queue_signal(signal, value));
            siginfo_t info{};
            const timespec time{10, 0};
            f.signal = sigtimedwait(&set, &info, &time);
            f.code = info.si_code;
            f.pid = info.si_pid - getpid();
            f.uid = info.si_uid - getuid();
            f.pointer = info.si_value.sival_ptr == &f;
            value.sival_int = -12345;
            (void)!self->queue_signal(signal, value);
            sigtimedwait(&set, &info, &time);
            f.number = info.si_value.sival_int;
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->signal == signal);
        CHECK(got->code == SI_QUEUE);
        CHECK(got->pid == 0);
        CHECK(got->uid == 0);
        CHECK(got->pointer);
        CHECK(got->number == -12345);
    }
}

TEST_CASE("queue_signal reaches another process's handler, each time") {
    if (emulated())
        SKIP_TEST(in_emulator);
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    static int to;
    to = ends[1];
    auto c = test_child::that([] {
        struct sigaction action {};
        action.sa_flags = SA_SIGINFO;
        action.sa_sigaction = [](int, siginfo_t* info, void*) {
            const int seen[3] = {info->si_value.sival_int, info->si_code, info->si_pid};
            (void)!write(to, seen, sizeof seen);
        };
        sigaction(SIGRTMIN + 2, &action, nullptr);
        const int ready[3] = {-1, 0, 0};
        (void)!write(to, ready, sizeof ready);
        for (;;)
            pause();
        return 0;
    });
    c.go();
    int seen[3] = {};
    REQUIRE(read(ends[0], seen, sizeof seen) == sizeof seen);
    // One after the other, because thread sanitizers delay no more than one.
    for (int i = 0; i < 20; ++i) {
        sigval value{};
        value.sival_int = i;
        REQUIRE(c.fd().queue_signal(SIGRTMIN + 2, value));
        REQUIRE(read(ends[0], seen, sizeof seen) == sizeof seen);
        CHECK(seen[0] == i);
        CHECK(seen[1] == SI_QUEUE);
        CHECK(seen[2] == getpid());
    }
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("queue_signal sends no wrong sender where a filter hides the caller's ids") {
    const auto c = test_child::running();
#ifdef SYS_getresuid32
    const long getresuid_number = SYS_getresuid32;
#else
    const long getresuid_number = SYS_getresuid;
#endif
    for (const long call : {long{SYS_getpid}, getresuid_number}) {
        for (const int error : {EPERM, 0}) {
            CAPTURE(call, error);
            const profile kernel{"no getpid or getresuid", {{call, error}}};
            const auto got = isolated(on(kernel), [&] { return queue(c.fd(), 0); });
            REQUIRE(got);
            CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
        }
    }
}

TEST_CASE("queue_signal distinguishes a wrong signal, process and file descriptor") {
    const auto c = test_child::running();
    const auto gone = test_child::reaped();
    CHECK(queue(c.fd(), -1) == EINVAL);
    CHECK(queue(c.fd(), 65) == EINVAL);
    CHECK(queue(c.fd(), 0) == 0);
    CHECK(queue(gone.fd(), SIGTERM) == ESRCH);
    CHECK(queue(pidfd_view(), SIGTERM) == EBADF);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name != "a directory of /proc/PID")
            CHECK(queue(pidfd_view(s.fd), 0) == EBADFD);
    }
    for (const int error : {EPERM, ENOSYS}) {
        const auto got = isolated(on(sandbox(error)), [&] { return queue(c.fd(), 0); });
        REQUIRE(got);
        CHECK(std::error_code(*got, pidfd_category()) ==
              (error == EPERM ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported));
    }
    if (geteuid() == 0) {
        surroundings nobody;
        nobody.uid = 65534;
        const auto got = isolated(nobody, [&] { return queue(c.fd(), SIGTERM); });
        REQUIRE(got);
        CHECK(*got == EPERM);
    }
    CHECK(*c.fd().is_alive());
}
