// SPDX-License-Identifier: MIT
// If kill_tree fails after it has stopped processes, all is as before.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/process_pair.hpp"
#include "support/process_tree.hpp"
#include "support/processes.hpp"
#include "support/shared_object.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// Whether the signal is pending for the process.
bool has_pending(pid_t pid, int signal) {
    const std::string status =
        read_file_at(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/status").c_str());
    const auto set = std::stoull("0" + field(status, "ShdPnd:"), nullptr, 16);
    return ((set >> (signal - 1)) & 1) != 0;
}

void wait_for_next_tick() {
    const auto now = [] {
        timespec t{};
        clock_gettime(CLOCK_BOOTTIME, &t);
        constexpr long per_second = 1'000'000'000;
        return (t.tv_sec * per_second + t.tv_nsec) / (per_second / sysconf(_SC_CLK_TCK));
    };
    for (const auto first = now(); now() == first;)
        usleep(100);
}

} // namespace

TEST_CASE("if the storage is too small, kill_tree kills nothing, and all run on") {
    struct facts {
        int error;
        bool alive;
        bool running;
        bool child_was_stopped;
        int leaked;
        bool empty;
    };
    const auto got = isolated({}, [] {
        facts f{};
        life_line line;
        const pid_t root = fork();
        if (root == 0) {
            const pid_t stopped = fork();
            if (stopped == 0) {
                line.write("+");
                raise(SIGSTOP);
                live_on();
            }
            waitpid(stopped, nullptr, WUNTRACED);
            grow(line, 2, 2, false);
        }
        line.wait_for(1 + size_of_tree(2, 2));
        const auto process = pidfd::from_pid(root);
        pidfd few[3];
        const int before = open_fds();
        // The start of a process is known by the clock tick.
        wait_for_next_tick();
        const auto killed = kill_tree(*process, few);
        f.error = error_of(killed);
        f.leaked = open_fds() - before;
        f.empty = !few[0] && !few[1] && !few[2];
        // SIGCONT is delivered at once, and shows in the state.
        f.running = true;
        for (int i = 0; i < 1000 && state_of(root) != 'S'; ++i)
            usleep(1000);
        f.running = state_of(root) == 'S';
        pidfd all[16];
        const auto listed = children(*process, all);
        for (std::size_t i = 0; listed && i < listed->count; ++i) {
            const pid_t pid = all[i].get_pid().value();
            for (int tries = 0; tries < 1000 && state_of(pid) != 'S'; ++tries) {
                if (i == 0)
                    break;
                usleep(1000);
            }
            if (i == 0)
                f.child_was_stopped = state_of(pid) == 'T';
            else
                f.running = f.running && state_of(pid) == 'S';
        }
        f.alive = process->is_alive() == true;
        (void)!kill_tree(*process, all);
        waitpid(root, nullptr, 0);
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == ERANGE);
    CHECK(got->alive);
    CHECK(got->running);
    CHECK(got->child_was_stopped);
    CHECK(got->leaked == 0);
    CHECK(got->empty);
}

TEST_CASE("without the right to signal a descendant, kill_tree kills nothing") {
    if (geteuid() != 0)
        SKIP_TEST("only root can make processes of two users");
    struct facts {
        int error;
        bool alive;
        bool continued; // the process that was not stopped
    };
    const auto got = isolated({}, [] {
        facts f{};
        life_line line;
        const auto pair = fork_pair([] {},
                                    [&] {
                                        sigset_t blocked;
                                        sigemptyset(&blocked);
                                        sigaddset(&blocked, SIGCONT);
                                        sigprocmask(SIG_BLOCK, &blocked, nullptr);
                                        line.write("+"); // as root
                                    },
                                    [&] {
                                        if (setresgid(65534, 65534, 65534) != 0 ||
                                            setresuid(65534, 65534, 65534) != 0)
                                            _exit(1);
                                        line.write("+");
                                    });
        line.wait_for(2);
        auto process = pidfd::from_pid(pair.root);
        if (setresuid(65534, 65534, 0) != 0)
            return f;
        prctl(PR_SET_DUMPABLE, 1); // before Linux 5.14 only a dumpable caller sees its own fdinfo
        pidfd all[4];
        const auto killed = kill_tree(*process, all);
        f.error = error_of(killed);
        f.alive = process->is_alive() == true;
        if (setresuid(0, 0, 0) != 0)
            return f;
        f.continued = has_pending(pair.child, SIGCONT);
        (void)!kill_tree(*process, all);
        waitpid(pair.root, nullptr, 0);
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == EPERM);
    CHECK(got->alive);
    CHECK_FALSE(got->continued);
}

TEST_CASE(
    "if kill_tree fails, no SIGSTOP stays pending for a process that a debugger has stopped") {
    struct facts {
        bool traced;
        int error;
        bool pending;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const auto [root, child] = fork_pair();
        f.traced = ptrace(PTRACE_ATTACH, child, nullptr, nullptr) == 0 &&
                   waitpid(child, nullptr, __WALL) == child;
        if (f.traced) {
            const auto process = pidfd::from_pid(root);
            pidfd all[4];
            // Two looks are needed.
            const auto killed = kill_tree(*process, all, 0s);
            f.error = error_of(killed);
            f.pending = has_pending(child, SIGSTOP);
        }
        kill_made(child);
        kill_made(root);
        return f;
    });
    REQUIRE(got);
    if (!got->traced)
        SKIP_TEST("no process can be traced here");
    CHECK(got->error == ETIMEDOUT);
    CHECK_FALSE(got->pending);
}

TEST_CASE("if the time is over before all have stopped, kill_tree kills nothing, and all run on") {
    struct facts {
        int error;
        bool runs;
        int leaked;
    };
    const auto got = isolated({}, [] {
        facts f{};
        life_line line;
        const pid_t root = fork();
        if (root == 0)
            grow(line, 1, 2, false);
        line.wait_for(3);
        auto process = pidfd::from_pid(root);
        const int before = open_fds();
        pidfd all[4];
        // Two looks are needed.
        const auto killed = kill_tree(*process, all, 0s);
        f.error = error_of(killed);
        f.leaked = open_fds() - before;
        for (int i = 0; i < 1000 && state_of(root) != 'S'; ++i)
            usleep(1000);
        f.runs = state_of(root) == 'S';
        (void)!kill_tree(*process, all);
        waitpid(root, nullptr, 0);
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == ETIMEDOUT);
    CHECK(got->runs);
    CHECK(got->leaked == 0);
}

TEST_CASE("with too few file descriptors, kill_tree kills nothing, and closes what it opened") {
    for (int left = 0; left < 10; ++left) {
        CAPTURE(left);
        struct facts {
            int error;
            bool same;
            bool alive;
        };
        const auto got = isolated({}, [left] {
            facts f{};
            life_line line;
            const pid_t root = fork();
            if (root == 0)
                grow(line, 1, 10, false);
            line.wait_for(11);
            auto process = pidfd::from_pid(root);
            leave_fds(left);
            const int before = open_fds();
            std::array<pidfd, 16> all;
            const auto killed = kill_tree(*process, all);
            f.error = error_of(killed);
            f.same = open_fds() == before;
            f.alive = process->is_alive() != false;
            for (int fd = 3; fd < 64; ++fd)
                if (fd != process->fd())
                    close(fd);
            std::array<pidfd, 16> again;
            (void)!kill_tree(*process, again);
            waitpid(root, nullptr, 0);
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == EMFILE);
        CHECK(got->same);
        CHECK(got->alive);
    }
}

TEST_CASE("if kill_tree fails, a stopped process whose first thread has exited stays stopped") {
    struct facts {
        bool was_stopped;
        int error;
        bool is_stopped;
        bool root_runs;
    };
    const auto got = isolated({}, [] {
        facts f{};
        auto& tid = make_shared_object<std::atomic<pid_t>>();
        const auto pair = fork_pair([&] {
            std::thread([&] {
                while (state_of(getpid()) != 'Z')
                    usleep(200);
                tid = own_tid();
                live_on();
            }).detach();
            syscall(SYS_exit, 0);
        });
        while (tid == 0)
            usleep(200);
        kill(pair.child, SIGSTOP);
        f.was_stopped = gets_state(tid, 'T') && state_of(pair.child) == 'Z';
        wait_for_next_tick();
        const auto process = pidfd::from_pid(pair.root);
        pidfd all[4];
        // Two looks are needed.
        const auto killed = kill_tree(*process, all, 0s);
        f.error = error_of(killed);
        f.root_runs = gets_state(pair.root, 'S');
        f.is_stopped = state_of(tid) == 'T';
        end_pair(pair);
        return f;
    });
    REQUIRE(got);
    CHECK(got->was_stopped);
    CHECK(got->error == ETIMEDOUT);
    CHECK(got->root_runs);
    CHECK(got->is_stopped);
}
