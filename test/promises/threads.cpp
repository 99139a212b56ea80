// SPDX-License-Identifier: MIT
// Many threads at once. Each creates and ends its own processes, while the other threads reuse the
// numbers of its file descriptors.
#include "support/answers.hpp"
#include "support/fds.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <grp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int thread_count = 8;

/// Where the first mistake was, which threads look for together.
class verdict {
public:
    void expect(bool holds, const char* what) {
        const char* none = nullptr;
        if (!holds)
            mistake_.compare_exchange_strong(none, what);
    }
    const char* mistake() const { return mistake_; } // null: none

private:
    std::atomic<const char*> mistake_{nullptr};
};

/// The answers that hold for every process of this test: all of them are alike.
struct common {
    pid_t parent = getpid();
    std::vector<const operation_row*> asked =
        operations_that([](const operation_row& o) { return o.harmless() && !o.enters; });
    by_operation<plain_answer> expected{};

    common() {
        const pid_t pid = fork_sleeper();
        const pidfd fd = pidfd::from_pid(pid).value();
        for (const operation_row* o : asked)
            expected[*o] = perform(*o, fd);
        (void)fd.kill();
        (void)fd.wait();
    }
};

void check_living(verdict& v, pidfd_view fd, pid_t pid, const common& c) {
    for (const operation_row* o : c.asked) {
        const plain_answer answer = perform(*o, fd);
        const plain_answer& expected = c.expected[*o];
        v.expect(o->individual ? answer.error == expected.error : agrees(answer, expected),
                 o->name);
    }
    const auto info = fd.get_info();
    const auto dir = fd.open_proc();
    const std::string text = std::to_string(pid);
    const auto shown =
        fd.access_proc([](int d) { return field(read_file_at(d, "status"), "Pid:"); });
    v.expect(fd.get_pid() == pid, "get_pid");
    v.expect(info && info->pid == pid && info->ppid == c.parent, "get_info");
    v.expect(dir && field(read_file_at(dir->get(), "status"), "Pid:") == text, "open_proc");
    v.expect(shown && *shown == text, "access_proc");
}

void check_end(verdict& v, pidfd_view fd) {
    v.expect(fd.kill().has_value(), "kill");
    const auto status = fd.wait();
    v.expect(status && status->signal() == SIGKILL, "wait");
    for (const operation_row& o : operation_table())
        if (o.harmless() && o.after == once_reaped::gone && !o.bad_argument) {
            const int error = attempt(o, fd);
            const bool missing = o.needs_feature && (refused(error) || !has(o.feature));
            v.expect(error == ESRCH || missing, o.name);
        }
    v.expect(!fd.is_alive().value_or(true), "is_alive of a reaped process");
}

/// Creates, queries and ends processes in a loop.
void live(verdict& v, const common& c, int rounds) {
    for (int i = 0; i < rounds && v.mistake() == nullptr; ++i) {
        const pid_t pid = fork_sleeper();
        const auto fd = pidfd::from_pid(pid);
        v.expect(fd.has_value(), "from_pid");
        if (!fd)
            break;
        const auto copy = fd->duplicate();
        v.expect(copy.has_value(), "duplicate");
        check_living(v, copy ? *copy : *fd, pid, c);
        check_end(v, *fd);
    }
}

void in_threads(int count, const std::function<void()>& run) {
    std::vector<std::thread> all;
    for (int i = 0; i < count; ++i)
        all.emplace_back(run);
    for (std::thread& t : all)
        t.join();
}

struct facts {
    const char* mistake; // the tests' own literal, also in the child that found it
    int leaked;
    answer_path path; // of get_pid, afterwards
};

facts conclude(const verdict& v, pidfd_view self, int fds_before) {
    answer_path path{};
    (void)self.get_pid(&path);
    return {v.mistake(), open_fds() - fds_before, path};
}

void check(const facts& f, const profile& kernel) {
    CHECK(std::string(f.mistake != nullptr ? f.mistake : "none") == "none");
    CHECK(f.leaked == 0);
    const bool ioctl = kernel.rules.empty() && has(feature::info_ioctl);
    CHECK(f.path == (ioctl ? answer_path::ioctl : answer_path::fdinfo));
}

std::vector<profile> both_paths() {
    return {native(), linux_5_10()};
}

facts live_in_threads() {
    const auto self = pidfd::from_self();
    const common c;
    const int before = open_fds();
    verdict v;
    in_threads(thread_count, [&] { live(v, c, rounds(10)); });
    return conclude(v, *self, before);
}

/// Each operation in a separate process, forked while other threads are in the middle of an
/// operation.
facts live_after_fork() {
    const auto self = pidfd::from_self();
    const int before = open_fds();
    std::atomic<bool> stop{false};
    verdict v;
    std::thread forks([&] {
        for (int i = 0; i < rounds(20); ++i) {
            const pid_t child = fork();
            if (child == 0) {
                verdict in_child;
                const auto own = pidfd::from_self();
                live(in_child, common(), 1);
                in_child.expect(own->get_pid() == getpid(), "from_self");
                _exit(in_child.mistake() == nullptr ? 0 : 1);
            }
            int status = 0;
            while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
            }
            v.expect(status == 0, "an operation in a forked child");
        }
        stop = true;
    });
    in_threads(thread_count - 1, [&] {
        while (!stop) {
            v.expect(self->get_pid() == getpid(), "get_pid");
            v.expect(self->get_creds().has_value(), "get_creds");
            v.expect(self->open_proc().has_value(), "open_proc");
        }
    });
    forks.join();
    return conclude(v, *self, before);
}

/// A file descriptor that in turn refers to one process, to a process of another user, to another
/// kind of file, or is closed, while other threads ask about it.
facts ask_about_moving_fd() {
    const auto self = pidfd::from_self();
    const test_child first = test_child::running();
    const test_child second = test_child::ready([] {
        return geteuid() != 0 ||
               (setgroups(0, nullptr) == 0 && setresuid(65534, 65534, 65534) == 0);
    });
    const uid_t second_uid = geteuid() == 0 ? 65534 : getuid();
    const int device = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int number = 200; // the library's own are lower
    const int before = open_fds();
    std::atomic<bool> stop{false};
    verdict v;
    std::thread mover([&] {
        for (int i = 0; i < rounds(300); ++i) {
            dup3(first.fd().fd(), number, O_CLOEXEC);
            std::this_thread::yield();
            dup3(second.fd().fd(), number, O_CLOEXEC);
            std::this_thread::yield();
            dup3(device, number, O_CLOEXEC);
            std::this_thread::yield();
            close(number);
        }
        stop = true;
    });
    in_threads(thread_count - 1, [&] {
        const pidfd_view fd(number);
        while (!stop) {
            const auto pid = fd.get_pid();
            v.expect(!pid || *pid == first.pid() || *pid == second.pid(), "get_pid");
            const auto info = fd.get_info();
            v.expect(!info || (info->pid == first.pid() && info->creds->ruid == getuid()) ||
                         (info->pid == second.pid() && info->creds->ruid == second_uid),
                     "get_info");
            const auto shown =
                fd.access_proc([](int d) { return field(read_file_at(d, "status"), "PPid:"); });
            v.expect(!shown || *shown == std::to_string(getpid()), "access_proc");
        }
    });
    mover.join();
    const facts f = conclude(v, *self, before);
    close(device);
    return f;
}

} // namespace

TEST_CASE("every answer in eight threads is about the thread's own process") {
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), live_in_threads);
        REQUIRE(got);
        check(*got, kernel);
    }
}

TEST_CASE("every operation works in a child that a threaded program has forked") {
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), live_after_fork);
        REQUIRE(got);
        check(*got, kernel);
    }
}

TEST_CASE(
    "an answer about a file descriptor that is replaced meanwhile is about one of its processes") {
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), ask_about_moving_fd);
        REQUIRE(got);
        check(*got, kernel);
    }
}
