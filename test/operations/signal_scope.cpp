// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr signal_scope scopes[] = {signal_scope::thread, signal_scope::thread_group,
                                   signal_scope::process_group};

bool has_scopes() {
    return has(feature::signal_scope);
}

int send(int fd, int signal, signal_scope scope) {
    const auto sent = pidfd_view(fd).send_signal(signal, scope);
    return sent ? 0 : sent.error().value();
}

pid_t gettid_raw() {
    return static_cast<pid_t>(syscall(SYS_gettid));
}

sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/// Whether the signal is pending for this thread, and for the whole process.
struct pending {
    bool thread = false;
    bool process = false;
};

std::uint64_t pending_line(const char* name) {
    char line[256];
    unsigned long long set = 0;
    std::FILE* const f = std::fopen("/proc/thread-self/status", "r");
    if (f == nullptr)
        return 0;
    while (std::fgets(line, sizeof line, f) != nullptr) {
        if (std::string(line).compare(0, 7, name) == 0)
            set = std::strtoull(line + 7, nullptr, 16);
    }
    std::fclose(f);
    return set;
}

pending look(int signal) {
    const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
    return {(pending_line("SigPnd:") & bit) != 0, (pending_line("ShdPnd:") & bit) != 0};
}

} // namespace

TEST_CASE("a signal to the thread is pending for the thread, and a signal to the thread group "
          "for the process") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    struct facts {
        int errors;
        pending by_thread;
        pending by_group;
        pending by_thread_fd;
        pending group_by_thread_fd;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const sigset_t set = only(SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        const auto take = [&] {
            const pending p = look(SIGUSR1);
            const timespec none{};
            while (sigtimedwait(&set, nullptr, &none) == SIGUSR1) {
            }
            return p;
        };
        const int process = raw_pidfd_open(getpid(), 0);
        const int thread = raw_pidfd_open(gettid_raw(), uapi::pidfd_thread);
        f.errors |= send(process, SIGUSR1, signal_scope::thread);
        f.by_thread = take();
        f.errors |= send(process, SIGUSR1, signal_scope::thread_group);
        f.by_group = take();
        f.errors |= send(thread, SIGUSR1, signal_scope::thread);
        f.by_thread_fd = take();
        f.errors |= send(thread, SIGUSR1, signal_scope::thread_group);
        f.group_by_thread_fd = take();
        return f;
    });
    REQUIRE(got);
    CHECK(got->errors == 0);
    CHECK(got->by_thread.thread);
    CHECK_FALSE(got->by_thread.process);
    CHECK(got->by_group.process);
    CHECK_FALSE(got->by_group.thread);
    CHECK(got->by_thread_fd.thread);
    CHECK_FALSE(got->by_thread_fd.process);
    CHECK(got->group_by_thread_fd.process);
    CHECK_FALSE(got->group_by_thread_fd.thread);
}

TEST_CASE("a signal to a thread that is not the first reaches it and no other") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    sigset_t set = only(SIGUSR2);
    sigset_t old;
    pthread_sigmask(SIG_BLOCK, &set, &old);
    std::atomic<pid_t> tid{0};
    std::atomic<int> received{0};
    std::atomic<bool> stop{false};
    std::thread t([&] {
        tid = gettid_raw();
        const timespec step{0, 1'000'000};
        while (!stop && received == 0)
            if (sigtimedwait(&set, nullptr, &step) == SIGUSR2)
                ++received;
    });
    while (tid == 0)
        usleep(100);
    const unique_fd fd(raw_pidfd_open(tid, uapi::pidfd_thread));
    const int error = send(fd.get(), SIGUSR2, signal_scope::thread);
    for (int i = 0; i < 20000 && received == 0; ++i)
        usleep(500);
    const pending here = look(SIGUSR2);
    stop = true;
    t.join();
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    CHECK(error == 0);
    CHECK(received == 1);
    CHECK_FALSE(here.thread);
    CHECK_FALSE(here.process);
}

TEST_CASE("signal scopes are unsupported before Linux 6.9, and other errors stay distinct") {
    const auto c = support::test_child::running();
    const auto gone = support::test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        for (const signal_scope scope : scopes) {
            CAPTURE(kernel.name, static_cast<unsigned>(scope));
            surroundings around;
            around.kernel = kernel;
            struct facts {
                int living;
                int reaped;
                int bad_signal;
                int bad_scope;
                int closed;
            };
            const auto got = isolated(around, [&] {
                return facts{send(c.fd().fd(), 0, scope), send(gone.fd().fd(), 0, scope),
                             send(c.fd().fd(), 65, scope),
                             send(c.fd().fd(), 0, static_cast<signal_scope>(3)),
                             send(-1, 0, scope)};
            });
            REQUIRE(got);
            CHECK(got->bad_signal == EINVAL);
            CHECK(got->bad_scope == EINVAL);
            const std::string name = kernel.name;
            // The profiles refuse calls with the bit of the thread group. "native" depends on this
            // kernel.
            const bool filtered =
                (name == "5.4" || name == "5.10") && scope == signal_scope::thread_group;
            if (name == sandbox(EPERM).name) {
                CHECK(got->living == ERFKILL);
            } else if (name == sandbox(ENOSYS).name || filtered || !has_scopes()) {
                CHECK(std::error_code(got->living, pidfd_category()) == pidfd_errc::unsupported);
            } else if (scope != signal_scope::process_group) {
                CHECK(got->living == 0);
                CHECK(got->reaped == ESRCH);
                CHECK(got->closed == EBADF);
            }
        }
    }
}

TEST_CASE("a signal with a scope into a foreign pid namespace fails with EREMOTE") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    const auto c = support::test_child::running();
    surroundings around;
    around.pid_namespace = true;
    for (const signal_scope scope : scopes) {
        const auto got = isolated(around, [&] { return send(c.fd().fd(), 0, scope); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == EREMOTE);
    }
}

TEST_CASE("a signal with a scope to a file descriptor that is not a pidfd fails with EBADFD") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    for (const subject& s : impostors()) {
        if (s.name == "a directory of /proc/PID") // which the system call takes for a process
            continue;
        for (const signal_scope scope : scopes) {
            CAPTURE(s.name, static_cast<unsigned>(scope));
            CHECK(send(s.fd, 0, scope) == EBADFD);
        }
    }
}

TEST_CASE(
    "a real-time signal to a thread whose limit of pending signals is reached fails with EAGAIN") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    const auto got = isolated({}, [] {
        const rlimit none{0, 0};
        if (setrlimit(RLIMIT_SIGPENDING, &none) != 0)
            return -1;
        return send(pidfd::from_self()->fd(), SIGRTMIN, signal_scope::thread);
    });
    REQUIRE(got);
    CHECK(*got == EAGAIN);
}
