// SPDX-License-Identifier: MIT
// The order in which kill_tree kills. When some processes end, the kernel continues others that have
// stopped: they must have got SIGKILL by then. A tracer holds the caller until each has ended.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/process_pair.hpp"
#include "support/processes.hpp"
#include "support/pseudo_terminal.hpp"
#include "support/shared_object.hpp"
#include "support/traced_kill.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <chrono>
#include <csignal>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// What the processes of a tree share.
struct tree_board {
    board calls;
    volatile pid_t first;   // the process whose end continues the other one
    volatile pid_t second;  // the process that could be continued
    volatile pid_t adopted; // a process that gets another parent during the call
    volatile pid_t escaped; // that the second one has forked when it was continued
    volatile int ready;
};

tree_board* shared = nullptr;

/// A handler of SIGHUP.
void fork_another(int) {
    const auto made =
        static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (made == 0)
        live_on();
    shared->escaped = made;
}

/// Kills the tree of `calls.pair.root`. After each signal, waits until the processes that have got
/// SIGKILL have ended, and until the second one would have forked.
template <class Prepare, class AtCall>
void kill_slowly(tree_board& t, Prepare prepare, AtCall at_call) {
    bool first_was_alive = true;
    trace(
        t.calls, prepare, [&] { kill_root<8>(t.calls, 60s); },
        [&](tracee& caller, const system_call& call) {
            at_call(caller, call);
            if (!first_was_alive || !sends(call, SIGKILL))
                return;
            const auto killed = [](pid_t pid) {
                const std::string status =
                    read_file_at(AT_FDCWD, ("/proc/" + std::to_string(pid) + "/status").c_str());
                return field(status, "State:").find_first_of("ZX") == 0 || status.empty();
            };
            // SIGKILL takes effect within a moment.
            for (int i = 0; i < 100 && !killed(t.first); ++i)
                usleep(1000);
            first_was_alive = !killed(t.first);
            for (int i = 0; i < 500 && !first_was_alive && t.escaped == 0 && !killed(t.second); ++i)
                usleep(1000);
        });
}

void end_all(const tree_board& t) {
    for (const pid_t pid : {t.calls.pair.root, t.first, t.second, t.adopted, t.escaped})
        kill_made(pid);
}

} // namespace

TEST_CASE("kill_tree kills a session before the process that holds the other end of its terminal") {
    for (const bool holder_leads_session : {false, true}) {
        CAPTURE(holder_leads_session);
        const auto got = isolated({}, [=] {
            auto& t = make_shared_object<tree_board>();
            shared = &t;
            const auto none = [](tracee&, const system_call&) {};
            kill_slowly(
                t,
                [&] {
                    const pid_t root = fork();
                    if (root != 0) {
                        t.calls.pair.root = root;
                        while (t.ready < 3)
                            usleep(200);
                        return;
                    }
                    setsid();
                    const pseudo_terminal terminal;
                    if (!terminal)
                        t.ready = 4;
                    const pid_t shell = fork();
                    if (shell == 0) {
                        close(terminal.master());
                        setsid();
                        ioctl(terminal.slave(), TIOCSCTTY, 0);
                        std::signal(SIGHUP, fork_another);
                        const pid_t job =
                            fork(); // in a group of its own, as of an interactive shell
                        if (job == 0) {
                            std::signal(SIGHUP, SIG_DFL);
                            setpgid(0, 0);
                            t.ready = t.ready + 1;
                            live_on();
                        }
                        t.second = getpid();
                        while (t.ready < 1)
                            usleep(200);
                        t.ready = t.ready + 1;
                        live_on();
                    }
                    const pid_t holder = fork();
                    if (holder == 0) {
                        close(terminal.slave());
                        if (holder_leads_session)
                            setsid();
                        t.first = getpid();
                        while (t.ready < 2)
                            usleep(200);
                        t.ready = t.ready + 1;
                        live_on();
                    }
                    close(terminal.master());
                    close(terminal.slave());
                    live_on();
                },
                none);
            end_all(t);
            return t;
        });
        REQUIRE(got);
        if (!got->calls.traced)
            SKIP_TEST(no_tracer);
        if (got->ready > 3)
            SKIP_TEST("there are no pseudo-terminals");
        CHECK(got->calls.error == 0);
        CHECK(got->calls.killed == 4);
        CHECK(got->escaped == 0);
    }
}

TEST_CASE(
    "kill_tree takes a process that was adopted during the call for a child of its new parent") {
    const auto got = isolated({}, [] {
        auto& t = make_shared_object<tree_board>();
        shared = &t;
        int stops = 0;
        kill_slowly(
            t,
            [&] {
                t.calls.pair = fork_pair([] { setsid(); },
                                         [&] {
                                             // The subreaper. Its child, in the same group, has a
                                             // child in another group.
                                             prctl(PR_SET_CHILD_SUBREAPER, 1);
                                             t.first = getpid();
                                             if (fork() != 0)
                                                 live_on();
                                             t.adopted = getpid();
                                             if (fork() != 0)
                                                 live_on();
                                             std::signal(SIGHUP, fork_another);
                                             setpgid(0, 0);
                                             t.second = getpid();
                                             live_on();
                                         },
                                         [] {});
                while (t.second == 0)
                    usleep(200);
            },
            [&](tracee&, const system_call& call) {
                // Between the last process that is found and the next system call.
                if (stops == 4) {
                    kill(t.adopted, SIGKILL);
                    wait_for_state(t.adopted, 'Z');
                }
                if (stops == 4 || sends(call, SIGSTOP))
                    ++stops;
            });
        end_all(t);
        return t;
    });
    REQUIRE(got);
    if (!got->calls.traced)
        SKIP_TEST(no_tracer);
    CHECK(got->calls.error == 0);
    CHECK(got->escaped == 0);
}
