// SPDX-License-Identifier: MIT
// The processes and the sandboxes that kill_tree refuses before it stops anything.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/process_pair.hpp"
#include "support/process_tree.hpp"
#include "support/processes.hpp"
#include "support/shared_object.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("kill_tree refuses the caller, its ancestors and init, before it stops anything") {
    struct facts {
        int self;
        int parent;
        int grandparent;
        int init;
        bool running;
    };
    const auto got = isolated({}, [] {
        facts f{};
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return f;
        const pid_t isolated_process = getpid();
        const pid_t middle = fork();
        if (middle == 0) {
            if (fork() == 0) {
                pidfd all[8];
                const auto try_it = [&](expected<pidfd> process) {
                    if (!process)
                        return -1;
                    const auto killed = kill_tree(*process, all);
                    return error_of(killed);
                };
                f.self = try_it(pidfd::from_self());
                f.parent = try_it(pidfd::from_pid(getppid()));
                f.grandparent = try_it(pidfd::from_pid(isolated_process));
                f.init = try_it(pidfd::from_pid(1));
                f.running = state_of(getppid()) != 'T' && state_of(isolated_process) != 'T';
                (void)!write(ends[1], &f, sizeof f);
                _exit(0);
            }
            live_on();
        }
        (void)!read(ends[0], &f, sizeof f);
        kill(middle, SIGKILL);
        waitpid(middle, nullptr, 0);
        return f;
    });
    REQUIRE(got);
    CHECK(got->self == EINVAL);
    CHECK(got->parent == EINVAL);
    CHECK(got->grandparent == EINVAL);
    CHECK(got->init == EINVAL);
    CHECK(got->running);
}

TEST_CASE("kill_tree refuses kernel threads and pidfds of threads") {
    if (const auto kthreadd = pidfd::from_pid(2);
        kthreadd && read_file_at(AT_FDCWD, "/proc/2/comm") == "kthreadd\n") {
        pidfd none[1];
        CHECK(kill_tree(*kthreadd, none).error().value() == EINVAL);
    }
    const auto child = test_child::running();
    if (const auto thread = pidfd::from_tid(child.pid())) {
        pidfd none[1];
        CHECK(kill_tree(*thread, none).error().value() == EINVAL);
        CHECK(child.fd().is_alive() == true);
    }
}

TEST_CASE("kill_tree notices a filter that answers to SIGKILL, before it stops anything") {
    for (const int error : {0, EPERM}) {
        CAPTURE(error);
        struct facts {
            int error;
            bool alive;
            char state;
        };
        const auto got = isolated({}, [error] {
            facts f{};
            const pid_t root = fork();
            if (root == 0)
                live_on();
            const auto process = pidfd::from_pid(root);
            if (!install({{SYS_pidfd_send_signal, error, 1, ~0U, SIGKILL}}))
                return f;
            pidfd all[4];
            const auto killed = kill_tree(*process, all);
            f.error = error_of(killed);
            f.alive = process->is_alive() == true;
            f.state = state_of(root);
            kill_made(root);
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == (error == 0 ? ENOSYS : ERFKILL));
        CHECK(got->alive);
        CHECK(got->state != 'T');
    }
}

TEST_CASE("kill_tree of an ended process kills nothing, and of a reaped one is not found") {
    pidfd none[1];
    const auto zombie = test_child::zombie();
    const auto killed = kill_tree(zombie.fd(), none);
    REQUIRE(killed);
    CHECK(killed->killed == 0);
    CHECK(killed->descendants == 0);
    const auto reaped = test_child::reaped();
    CHECK(kill_tree(reaped.fd(), none).error() == pidfd_errc::not_found);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(kill_tree(pidfd_view(s.fd), none).error() == pidfd_errc::not_a_pidfd);
    }
    CHECK(kill_tree(pidfd_view(), none).error().value() == EBADF);
}

namespace {

struct tracing {
    bool traced;
    bool over; // the calls have returned
    int of_tracer;
    int of_parent;
    bool runs;
    process_pair pair;
};

/// Traces the process, and resumes it at every stop, as a debugger does.
void trace_as_debugger(pid_t pid, bool& traced, const life_line& line) {
    traced = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
    line.write("+");
    int status = 0;
    while (traced && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, pid, nullptr, WSTOPSIG(status) == SIGCHLD ? SIGCHLD : 0);
}

/// Lets the grandchild of the caller trace it, kills trees with the tracer, and stores the results.
void kill_tracer(tracing& t, bool by_thread) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    const pid_t self = getpid();
    life_line line;
    t.pair = fork_pair([&] {
        if (by_thread)
            std::thread([&] { trace_as_debugger(self, t.traced, line); }).join();
        else
            trace_as_debugger(self, t.traced, line);
    });
    line.wait_for(1);
    if (!t.traced)
        return;
    pidfd all[4];
    const auto error_for = [&](pid_t pid) {
        const auto process = pidfd::from_pid(pid);
        const auto killed = kill_tree(*process, all, std::chrono::seconds(1));
        return error_of(killed);
    };
    t.of_tracer = error_for(t.pair.child);
    t.of_parent = error_for(t.pair.root);
    t.runs = gets_state(t.pair.root, 'S') && gets_state(t.pair.child, 'S');
    t.over = true;
}

} // namespace

TEST_CASE("kill_tree refuses a tree with the caller's tracer, instead of waiting for it for ever") {
    for (const bool by_thread : {false, true}) {
        CAPTURE(by_thread);
        const auto got = isolated({}, [by_thread] {
            auto& t = make_shared_object<tracing>();
            const pid_t caller = fork();
            if (caller == 0) {
                kill_tracer(t, by_thread);
                _exit(0);
            }
            // If the call does not return, this process must still end.
            (void)gets_state(caller, 'Z');
            kill_made(caller);
            end_pair(t.pair);
            return t;
        });
        REQUIRE(got);
        if (!got->traced)
            SKIP_TEST("no process can be traced here");
        REQUIRE(got->over);
        CHECK(got->of_tracer == EDEADLK);
        CHECK(got->of_parent == EDEADLK);
        CHECK(got->runs);
    }
}
