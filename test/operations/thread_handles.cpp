// SPDX-License-Identifier: MIT
// Every operation through the pidfd of a single thread (PIDFD_THREAD).
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/entering.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/opened.hpp"
#include "support/operations.hpp"
#include "support/readiness.hpp"
#include "support/sleeping_thread.hpp"
#include "support/talking.hpp"

#include <pidfd_util/wait_any.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_threads = "this kernel has no PIDFD_THREAD";

/// A process whose second thread executes the commands, with a pidfd of that thread.
struct threaded {
    talking_child process;
    pid_t tid;
    pidfd thread;

    explicit threaded(std::initializer_list<const char*> commands)
        : process(commands), tid(process.number("tid")) {
        auto opened = pidfd::from_tid(tid);
        REQUIRE(opened);
        thread = std::move(*opened);
    }
};

/// The errnos of all operations, in a process of its own.
by_operation<int> attempt_in(const surroundings& around, pidfd_view fd) {
    const auto got = isolated(around, [fd] { return attempt_all(fd); });
    REQUIRE(got);
    return *got;
}

} // namespace

TEST_CASE("every operation works on a pidfd of a thread where it works on one of a process") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const threaded t({"thread", "tid", "sleep"});
    for (const profile& kernel : all_profiles()) {
        const auto process = attempt_in(on(kernel), t.process.fd());
        const auto thread = attempt_in(on(kernel), t.thread);
        for (const operation_row* o : operations_on_any()) {
            CAPTURE(kernel.name, o->name);
            CHECK(thread[*o] == process[*o]);
        }
    }
}

TEST_CASE("every operation on a pidfd of a thread that has ended returns what it returns for a "
          "reaped process") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const threaded t({"thread", "tid", "read", "end_thread", "7"});
    const test_child gone = test_child::reaped();
    t.process.go();
    REQUIRE(hangs_up(t.thread.fd()));
    for (const profile& kernel : all_profiles()) {
        const auto process = attempt_in(on(kernel), gone.fd());
        const auto thread = attempt_in(on(kernel), t.thread);
        for (const operation_row* o : operations_on_any()) {
            CAPTURE(kernel.name, o->name);
            CHECK(thread[*o] == process[*o]);
        }
    }
    CHECK(t.process.fd().is_alive() == true);
}

TEST_CASE("the answers about a thread have its own id, and the parent and the id of its process") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    struct facts {
        pid_t pid;
        process_info info;
        pid_t ppid;
        std::uint64_t cgroup;
        int shown[2]; // Pid and Tgid of its directory of /proc
    };
    const threaded t({"thread", "tid", "sleep"});
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            facts f{};
            f.pid = t.thread.get_pid().value_or(-1);
            f.info = t.thread.get_info().value_or(process_info{});
            f.ppid = t.thread.get_ppid().value_or(-1);
            f.cgroup = t.thread.get_cgroupid().value_or(0);
            (void)t.thread.access_proc([&](int dir) {
                const std::string status = read_file_at(dir, "status");
                f.shown[0] = std::atoi(field(status, "Pid:").c_str());
                f.shown[1] = std::atoi(field(status, "Tgid:").c_str());
            });
            return f;
        });
        REQUIRE(got);
        CHECK(got->pid == t.tid);
        CHECK(got->info.pid == t.tid);
        CHECK(got->info.tgid == t.process.pid());
        CHECK(got->info.ppid == getpid());
        CHECK(got->ppid == getpid());
        CHECK(got->cgroup == t.process.fd().get_cgroupid().value_or(0));
        CHECK(got->shown[0] == t.tid);
        CHECK(got->shown[1] == t.process.pid());
    }
}

TEST_CASE("the user, the namespaces and the file descriptors of a thread are its own") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    if (geteuid() != 0)
        SKIP_TEST(no_right);
    constexpr int only_there = 77;
    constexpr uid_t other_user = 65533;
    int report[2];
    REQUIRE(pipe2(report, O_CLOEXEC) == 0);
    const test_child process = test_child::ready([&] {
        std::thread([&] {
            pid_t tid = own_tid();
            if (unshare(CLONE_FILES | CLONE_NEWUTS) != 0 || dup2(report[1], only_there) < 0 ||
                // Not by libc, which changes the user of all threads.
                syscall(SYS_setresuid, other_user, other_user, other_user) != 0)
                tid = -1;
            (void)!write(report[1], &tid, sizeof tid);
            for (;;)
                pause();
        }).detach();
        return true;
    });
    close(report[1]);
    pid_t tid = -1;
    const bool reported = read(report[0], &tid, sizeof tid) == sizeof tid;
    close(report[0]);
    if (!reported || tid < 0)
        SKIP_TEST(no_right);
    const auto thread = pidfd::from_tid(tid);
    REQUIRE(thread);
    struct facts {
        uid_t user;
        unsigned long long uts; // the inode number of the namespace
        int fd;                 // the error of get_remote_fd
        entering entered;
    };
    const auto ask = [](const profile& kernel, pidfd_view fd) {
        const auto got = isolated(on(kernel), [fd] {
            facts f{};
            f.user = fd.get_creds().value_or(credentials{}).euid;
            if (const auto ns = fd.get_namespace(namespace_type::uts))
                f.uts = inode_of(ns->get());
            f.fd = error_of(fd.get_remote_fd(only_there));
            f.entered = enter(fd.fd(), namespace_flags::uts);
            return f;
        });
        REQUIRE(got);
        return *got;
    };
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const bool gets_fds = std::string(kernel.name) != "5.4";
        const facts first = ask(kernel, process.fd());
        const facts other = ask(kernel, *thread);
        CHECK(first.user == 0);
        CHECK(other.user == other_user);
        CHECK(first.uts == whereabouts().inode[uts]);
        CHECK(other.uts != first.uts);
        CHECK(first.fd == (gets_fds ? EBADF : ENOSYS));
        CHECK(other.fd == (gets_fds ? 0 : ENOSYS));
        CHECK(first.entered.error == 0);
        CHECK(first.entered.unchanged());
        CHECK(other.entered.error == 0);
        CHECK(other.entered.after.inode[uts] == other.uts);
    }
}

TEST_CASE("a thread has an id of its own, by which it is opened again as a thread") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    threaded t({"thread", "tid", "read", "end_thread", "7"});
    const auto id = t.thread.get_id();
    const auto of_process = t.process.fd().get_id();
    const auto first = pidfd::from_tid(t.process.pid());
    REQUIRE(id);
    REQUIRE(first);
    CHECK(*id != *of_process);
    CHECK(first->get_id() == of_process); // the first thread's is the process's
    CHECK(same_process(t.thread, t.process.fd()) == false);
    CHECK(same_process(t.thread, *first) == false);

    const auto handles = has(feature::file_handle);
    const auto without_hint = look_at(pidfd::from_inode(*id));
    CHECK(without_hint.error == (handles ? 0 : EOPNOTSUPP));
    const auto with_process = look_at(pidfd::from_inode(*id, t.process.pid()));
    CHECK(with_process.error == (handles ? 0 : ESRCH));
    const auto with_hint = look_at(pidfd::from_inode(*id, t.tid));
    const auto refused = isolated(on({"no handles", {{SYS_open_by_handle_at, EPERM}}}),
                                  [&] { return look_at(pidfd::from_inode(*id, t.tid)); });
    REQUIRE(refused);
    for (const opened& again : {without_hint, with_process, with_hint, *refused}) {
        if (!handles && again.error != 0)
            continue;
        CHECK(again.error == 0);
        CHECK(again.pid == t.tid);
        CHECK(again.thread);
        CHECK(again.cloexec);
    }
    CHECK_FALSE(look_at(pidfd::from_inode(*of_process, t.process.pid())).thread);

    if (const auto name = t.thread.get_process_id(); name) {
        CHECK(name->inode == *id);
        const auto again = pidfd::from_id(*name, t.tid);
        REQUIRE(again);
        CHECK(again->is_thread() == true);
        CHECK(same_process(*again, t.thread) == true);
    }
    t.process.go();
    REQUIRE(hangs_up(t.thread.fd()));
    CHECK(t.thread.get_id() == id);
    CHECK(error_of(pidfd::from_inode(*id, t.tid)) == ESRCH);
    CHECK(same_process(t.thread, t.process.fd()) == false);
}

TEST_CASE("a thread has a stamp and a start time of its own") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    threaded t({"thread", "tid", "read", "end_thread", "7"});
    const auto stamp = t.thread.get_stamp();
    const auto of_process = t.process.fd().get_stamp();
    if (!stamp && stamp.error() == pidfd_errc::unsupported)
        SKIP_TEST("no boot id can be read here");
    REQUIRE(stamp);
    REQUIRE(of_process);
    CHECK(stamp->pid == t.tid);
    CHECK(of_process->pid == t.process.pid());
    CHECK(stamp->start >= of_process->start);
    CHECK(stamp->pid_namespace == of_process->pid_namespace);
    CHECK(t.thread.get_start_time()->since_boot >= t.process.fd().get_start_time()->since_boot);
    const opened again = look_at(pidfd::from_stamp(*stamp));
    CHECK(again.error == 0);
    CHECK(again.pid == t.tid);
    CHECK(again.thread);
    CHECK_FALSE(look_at(pidfd::from_stamp(*of_process)).thread);
    t.process.go();
    REQUIRE(hangs_up(t.thread.fd()));
    CHECK(error_of(pidfd::from_stamp(*stamp)) == ESRCH);
}

TEST_CASE("a signal through a pidfd of a thread is pending for this thread alone, with its value") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    struct facts {
        int errors;
        bool pending[2];
        bool elsewhere[2]; // for the first thread, or for the process
        siginfo_t info;
    };
    constexpr int signals[] = {SIGUSR1, SIGUSR2};
    const auto got = isolated({}, [&] {
        facts f{};
        sigset_t set;
        sigemptyset(&set);
        for (const int signal : signals)
            sigaddset(&set, signal);
        pthread_sigmask(SIG_BLOCK, &set, nullptr);
        std::atomic<pid_t> tid{0};
        int go[2];
        if (pipe(go) != 0)
            return f;
        std::thread other([&] {
            tid = own_tid();
            char byte = 0;
            (void)!read(go[0], &byte, 1);
            const timespec none{};
            while (f.info.si_signo != SIGUSR2 && sigtimedwait(&set, &f.info, &none) > 0) {
            }
        });
        while (tid == 0)
            usleep(100);
        const auto thread = pidfd::from_tid(tid);
        sigval value{};
        value.sival_int = 4711;
        f.errors =
            error_of(thread->send_signal(SIGUSR1)) | error_of(thread->queue_signal(SIGUSR2, value));
        const auto pending = [](const std::string& who, const char* line, int signal) {
            const std::string status = read_file_at(AT_FDCWD, ("/proc/" + who + "/status").c_str());
            return (std::stoull("0" + field(status, line), nullptr, 16) >> (signal - 1) & 1) != 0;
        };
        const std::string self = std::to_string(getpid());
        const std::string its_own = self + "/task/" + std::to_string(tid);
        for (int i = 0; i < 2; ++i) {
            f.pending[i] = pending(its_own, "SigPnd:", signals[i]);
            f.elsewhere[i] =
                pending(self, "SigPnd:", signals[i]) || pending(self, "ShdPnd:", signals[i]);
        }
        (void)!write(go[1], "g", 1);
        other.join();
        return f;
    });
    REQUIRE(got);
    CHECK(got->errors == 0);
    CHECK((got->pending[0] && got->pending[1]));
    CHECK_FALSE((got->elsewhere[0] || got->elsewhere[1]));
    CHECK(got->info.si_signo == SIGUSR2);
    CHECK(got->info.si_code == SI_QUEUE);
    CHECK(got->info.si_value.sival_int == 4711);
}

TEST_CASE("a signal to the group of a thread that leads none is an invalid argument") {
    if (!has(feature::thread) || !has(feature::signal_scope))
        SKIP_TEST(no_threads);
    const threaded t({"thread", "tid", "sleep"});
    CHECK(error_of(t.thread.send_signal(0, signal_scope::thread)) == 0);
    CHECK(error_of(t.thread.send_signal(0, signal_scope::thread_group)) == 0);
    CHECK(error_of(t.thread.send_signal(0, signal_scope::process_group)) == EINVAL);
}

TEST_CASE("waits through a pidfd of a thread end with the thread, and no wait takes a status") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    threaded t({"thread", "tid", "read", "end_thread", "7"});
    CHECK(t.thread.is_alive() == true);
    CHECK(error_of(t.thread.wait_exit_for(std::chrono::milliseconds(0))) == ETIMEDOUT);
    CHECK(error_of(t.thread.wait()) == ECHILD);
    t.process.go();
    const pidfd_view both[] = {t.process.fd(), t.thread};
    CHECK(wait_any(both) == std::size_t{1});
    CHECK(t.thread.is_alive() == false);
    CHECK(error_of(t.thread.try_wait()) == ECHILD);
    CHECK(t.process.fd().is_alive() == true);
}

TEST_CASE("the first thread of a process that has exited before others has no files and no "
          "namespaces, and the others have") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const threaded t({"last_thread", "tid", "sleep"});
    const auto first = pidfd::from_tid(t.process.pid());
    REQUIRE(first);
    t.process.wait_for_end_of_first_thread();
    CHECK(error_of(t.thread.get_remote_fd(1)) == 0);
    CHECK(error_of(first->get_remote_fd(1)) == ESRCH);
    for (const profile& kernel : {native(), linux_5_10()}) {
        const auto of = [&](const pidfd& fd) {
            const auto got = isolated(on(kernel), [&] {
                return std::array<int, 2>{error_of(fd.get_namespace(namespace_type::uts)),
                                          error_of(fd.get_namespace(namespace_type::user))};
            });
            REQUIRE(got);
            return *got;
        };
        CHECK(of(t.thread) == std::array<int, 2>{0, 0});
        CHECK(of(*first) == std::array<int, 2>{ESRCH, ESRCH});
    }
    if (geteuid() == 0) {
        const auto enter_it = [](const pidfd& fd) {
            const auto got =
                isolated({}, [&] { return enter(fd.fd(), namespace_flags::uts).error; });
            REQUIRE(got);
            return *got;
        };
        CHECK(enter_it(t.thread) == 0);
        CHECK(enter_it(*first) == ESRCH);
    }
}

TEST_CASE("a copy of a pidfd of a thread, and one that was adopted, is one of a thread") {
    if (!has(feature::thread))
        SKIP_TEST(no_threads);
    const threaded t({"thread", "tid", "sleep"});
    auto copy = t.thread.duplicate();
    REQUIRE(copy);
    const opened duplicated = look_at(std::move(copy));
    copy = t.thread.duplicate();
    const opened adopted = look_at(pidfd::adopt(unique_fd(copy->release())));
    for (const opened& each : {duplicated, adopted}) {
        CHECK(each.pid == t.tid);
        CHECK(each.thread);
    }
}
