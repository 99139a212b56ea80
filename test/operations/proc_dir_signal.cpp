// SPDX-License-Identifier: MIT
// Signals through a file descriptor of a /proc/PID directory, which pidfd_send_signal(2) also
// takes.
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/sanitizers.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// The directory, opened for reading.
unique_fd proc_dir(const std::string& name) {
    return unique_fd(open(("/proc/" + name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}
unique_fd proc_dir(pid_t pid) {
    return proc_dir(std::to_string(pid));
}

sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/// The result of a signal to the caller itself, through a directory.
struct arrival {
    int error;
    int signal;
    int value;
    pid_t sender;
};

template <class Send>
arrival send_to_self(const std::string& name, Send send) {
    const sigset_t set = only(SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    const unique_fd dir = proc_dir(name);
    arrival a{};
    a.error = error_of(send(pidfd_view(dir.get())));
    siginfo_t info{};
    const timespec limit{0, 0};
    a.signal = sigtimedwait(&set, &info, &limit);
    a.value = info.si_value.sival_int;
    a.sender = info.si_pid == getpid() ? 1 : 0;
    return a;
}

} // namespace

TEST_CASE("a signal through a directory of /proc arrives at the directory's process") {
    test_child c = test_child::running();
    const unique_fd dir = proc_dir(c.pid());
    REQUIRE(dir);
    const pidfd_view view(dir.get());
    CHECK(error_of(view.send_signal(0)) == 0);
    CHECK(c.fd().is_alive() == true);
    CHECK(error_of(view.send_signal(SIGTERM)) == 0);
    const auto status = c.fd().wait();
    c.disown();
    REQUIRE(status);
    CHECK(status->signal() == SIGTERM);

    test_child killed = test_child::running();
    const unique_fd its_dir = proc_dir(killed.pid());
    CHECK(error_of(pidfd_view(its_dir.get()).kill()) == 0);
    const auto how = killed.fd().wait();
    killed.disown();
    REQUIRE(how);
    CHECK(how->signal() == SIGKILL);
}

TEST_CASE("a signal through the caller's own directory of /proc arrives with its value and scope") {
    const auto plain = isolated({}, [] {
        return send_to_self("self", [](pidfd_view dir) { return dir.send_signal(SIGUSR1); });
    });
    REQUIRE(plain);
    CHECK(plain->error == 0);
    CHECK(plain->signal == SIGUSR1);
    CHECK(plain->sender == 1);

    const auto queued = isolated({}, [] {
        return send_to_self("self", [](pidfd_view dir) {
            sigval value{};
            value.sival_int = 4711;
            return dir.queue_signal(SIGUSR1, value);
        });
    });
    REQUIRE(queued);
    CHECK(queued->error == 0);
    CHECK(queued->signal == SIGUSR1);
    CHECK(queued->value == 4711);

    for (const signal_scope scope :
         {signal_scope::thread, signal_scope::thread_group, signal_scope::process_group}) {
        CAPTURE(static_cast<int>(scope));
        // An isolated process leads a group of its own.
        const auto scoped = isolated({}, [=] {
            return send_to_self("self",
                                [=](pidfd_view dir) { return dir.send_signal(SIGUSR1, scope); });
        });
        REQUIRE(scoped);
        if (has(feature::signal_scope)) {
            CHECK(scoped->error == 0);
            CHECK(scoped->signal == SIGUSR1);
        } else {
            CHECK(scoped->error == EOPNOTSUPP);
            CHECK(scoped->signal == -1);
        }
    }
}

TEST_CASE("a thread's directory takes signals as /proc/TID, but not as /proc/PID/task/TID") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct facts {
        int by_number;
        int arrived;
        int as_task;
        int arrived_by_task;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const sigset_t set = only(SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, nullptr); // in the thread as well
        sleeping_thread thread;
        const timespec now{};
        const unique_fd by_number = proc_dir(thread.tid());
        f.by_number = error_of(pidfd_view(by_number.get()).send_signal(SIGUSR1));
        f.arrived = sigtimedwait(&set, nullptr, &now);
        const unique_fd task = proc_dir("self/task/" + std::to_string(thread.tid()));
        f.as_task = error_of(pidfd_view(task.get()).send_signal(SIGUSR1));
        f.arrived_by_task = sigtimedwait(&set, nullptr, &now);
        return f;
    });
    REQUIRE(got);
    CHECK(got->by_number == 0);
    CHECK(got->arrived == SIGUSR1);
    CHECK(got->as_task == EBADFD);
    CHECK(got->arrived_by_task == -1);
}

TEST_CASE("a signal through a directory that was opened with O_PATH is refused, as by open_proc") {
    test_child c = test_child::running();
    const auto dir = c.fd().open_proc();
    REQUIRE(dir);
    CHECK(error_of(pidfd_view(dir->get()).send_signal(0)) == EBADFD);
    CHECK(error_of(pidfd_view(dir->get()).kill()) == EBADFD);
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("a signal through other files of /proc is refused") {
    test_child c = test_child::running();
    const std::string root = "/proc/" + std::to_string(c.pid());
    for (const char* name : {"", "/fd", "/status", "/task"}) {
        CAPTURE(name);
        const std::string path = name[0] == '\0' ? "/proc" : root + name;
        const unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        REQUIRE(file);
        CHECK(error_of(pidfd_view(file.get()).kill()) == EBADFD);
    }
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("a signal through a directory of a zombie has no effect, and fails once the process is "
          "reaped") {
    test_child c = test_child::zombie();
    const unique_fd dir = proc_dir(c.pid());
    REQUIRE(dir);
    CHECK(error_of(pidfd_view(dir.get()).kill()) == 0);
    c.reap();
    CHECK(error_of(pidfd_view(dir.get()).send_signal(0)) == ESRCH);
    CHECK(error_of(pidfd_view(dir.get()).kill()) == ESRCH);
}

TEST_CASE("a signal through a directory never reaches the next process with its pid") {
    struct facts {
        bool reused;
        int error;
        bool heir_lives;
    };
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    around.proc = "fresh";
    const auto got = isolated(around, [] {
        facts f{};
        test_child old = test_child::running();
        const unique_fd dir = proc_dir(old.pid());
        old.reap();
        const pid_t pid = fork_sleeper_with_pid(old.pid());
        f.reused = dir && pid == old.pid();
        f.error = error_of(pidfd_view(dir.get()).kill());
        f.heir_lives = waitpid(pid, nullptr, WNOHANG) == 0;
        kill_made(pid);
        waitpid(pid, nullptr, 0);
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->error == ESRCH);
    CHECK(got->heir_lives);
}

TEST_CASE("a signal through a directory of another user's process is not permitted") {
    test_child c = test_child::running();
    const unique_fd dir = proc_dir(geteuid() == 0 ? c.pid() : 1);
    REQUIRE(dir);
    surroundings around;
    if (geteuid() == 0)
        around.uid = 65534;
    const auto got =
        isolated(around, [&] { return error_of(pidfd_view(dir.get()).send_signal(0)); });
    REQUIRE(got);
    CHECK(*got == EPERM);
}

TEST_CASE("a signal through a directory fails with forbidden_by_sandbox under a sandbox") {
    test_child c = test_child::running();
    const unique_fd dir = proc_dir(c.pid());
    REQUIRE(dir);
    for (const int error : {EPERM, EACCES, ENOSYS}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no pidfd_send_signal", {{SYS_pidfd_send_signal, error}}};
        const auto got = isolated(around, [&] {
            const auto sent = pidfd_view(dir.get()).kill();
            return sent ? 0 : sent.error().value();
        });
        REQUIRE(got);
        const std::error_code code(*got, pidfd_category());
        CHECK(code ==
              (error == ENOSYS ? pidfd_errc::unsupported : pidfd_errc::forbidden_by_sandbox));
    }
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("a signal through a directory of a foreign pid namespace fails, and does not arrive") {
    test_child c = test_child::running();
    const unique_fd dir = proc_dir(c.pid());
    REQUIRE(dir);
    const auto got =
        isolated(in_pid_namespace(""), [&] { return error_of(pidfd_view(dir.get()).kill()); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EREMOTE);
    CHECK(c.fd().is_alive() == true);
}
