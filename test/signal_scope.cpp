// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "uapi.hpp"

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
    return query(feature::signal_scope).value_or(availability::missing) == availability::available;
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

/// Whether the signal waits for this thread alone, and for the whole process.
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

TEST_CASE("a signal to the thread is that thread's, and one to the thread group is the process's") {
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

TEST_CASE("a signal to the process group reaches all of its processes, and nobody outside") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    const auto outside = support::test_child::running();
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    auto leader = support::test_child::that([&] {
        std::signal(SIGTERM, SIG_DFL); // Catch handles it
        setpgid(0, 0);
        if (fork() == 0) {
            // The writing end is held until the signal ends this one too.
            (void)!write(ready[1], "g", 1);
            for (;;)
                pause();
        }
        close(ready[1]);
        for (;;)
            pause();
        return 0;
    });
    leader.go();
    close(ready[1]);
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    CHECK(send(leader.fd().fd(), SIGTERM, signal_scope::process_group) == 0);
    CHECK(read(ready[0], &byte, 1) == 0); // the grandchild has ended
    close(ready[0]);
    const auto status = leader.fd().wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGTERM);
    CHECK(*outside.fd().is_alive());
}

TEST_CASE("a signal to the group of a process that leads none is EINVAL: it is not gone") {
    if (!has_scopes())
        SKIP_TEST("no signal scopes: Linux before 6.9");
    const auto c = support::test_child::running();
    CHECK(send(c.fd().fd(), 0, signal_scope::process_group) == EINVAL);
    CHECK(*c.fd().is_alive());
    const auto zombie = support::test_child::zombie();
    CHECK(send(zombie.fd().fd(), 0, signal_scope::process_group) == EINVAL);
    const auto reaped = support::test_child::reaped();
    CHECK(send(reaped.fd().fd(), 0, signal_scope::process_group) == ESRCH);
}

TEST_CASE("signal scopes are unsupported before Linux 6.9, and what is wrong otherwise stays told "
          "apart") {
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
            // The profiles filter what has the bit of the thread group; native is what this kernel
            // is.
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

TEST_CASE("a signal with a scope into a foreign pid namespace says so") {
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

TEST_CASE("a signal with a scope to what is no pidfd says so") {
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
            const sigset_t set = only(signal);
            sigprocmask(SIG_BLOCK, &set, nullptr);
            const auto self = pidfd::from_self();
            sigval value{};
            value.sival_ptr = &f;
            const auto sent = self->queue_signal(signal, value);
            f.error = sent ? 0 : sent.error().value();
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
    auto c = support::test_child::that([] {
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
    // One after the other: thread sanitizers hold back no more than one.
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

TEST_CASE("a real-time signal to a thread whose limit of pending signals is reached is EAGAIN") {
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

TEST_CASE("queue_signal does not lie about the sender where a filter hides who that is") {
    const auto c = support::test_child::running();
#ifdef SYS_getresuid32
    const long getresuid_number = SYS_getresuid32;
#else
    const long getresuid_number = SYS_getresuid;
#endif
    for (const long call : {long{SYS_getpid}, getresuid_number}) {
        for (const int error : {EPERM, 0}) {
            CAPTURE(call, error);
            surroundings around;
            around.kernel = {"no getpid or getresuid", {{call, error}}};
            const auto got = isolated(around, [&] {
                const auto sent = c.fd().queue_signal(0, sigval{});
                return sent ? 0 : sent.error().value();
            });
            REQUIRE(got);
            CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
        }
    }
}

TEST_CASE("queue_signal says what is wrong") {
    const auto c = support::test_child::running();
    const auto gone = support::test_child::reaped();
    const auto queue = [](int fd, int signal) {
        const auto sent = pidfd_view(fd).queue_signal(signal, sigval{});
        return sent ? 0 : sent.error().value();
    };
    CHECK(queue(c.fd().fd(), -1) == EINVAL);
    CHECK(queue(c.fd().fd(), 65) == EINVAL);
    CHECK(queue(c.fd().fd(), 0) == 0);
    CHECK(queue(gone.fd().fd(), SIGTERM) == ESRCH);
    CHECK(queue(-1, SIGTERM) == EBADF);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name != "a directory of /proc/PID")
            CHECK(queue(s.fd, 0) == EBADFD);
    }
    for (const int error : {EPERM, ENOSYS}) {
        surroundings around;
        around.kernel = sandbox(error);
        const auto got = isolated(around, [&] { return queue(c.fd().fd(), 0); });
        REQUIRE(got);
        CHECK(std::error_code(*got, pidfd_category()) ==
              (error == EPERM ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported));
    }
    if (geteuid() == 0) {
        surroundings nobody;
        nobody.uid = 65534;
        const auto got = isolated(nobody, [&] { return queue(c.fd().fd(), SIGTERM); });
        REQUIRE(got);
        CHECK(*got == EPERM);
    }
    CHECK(*c.fd().is_alive());
}
