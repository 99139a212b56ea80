// SPDX-License-Identifier: MIT
// What changes between two system calls of kill_tree and kill_descendants. A tracer stops the caller at
// each call, and makes the change there.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/process_pair.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"
#include "support/traced_kill.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/kill_tree.hpp>
#include <pidfd_util/orphans.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("kill_tree kills nothing if a descendant has got another user id since it was stopped") {
    struct facts {
        board b;
        bool root_alive;
        bool child_alive;
    };
    const auto got = isolated({}, [] {
        facts f{};
        board& b = make_shared_object<board>();
        trace(
            b, [&] { b.pair = fork_pair(); }, [&] { kill_root<4>(b, 60s); },
            [&](tracee& caller, const system_call& call) {
                const bool lacks_right = sends(call, 0) || sends(call, SIGKILL);
                if (lacks_right && static_cast<int>(call.arguments[0]) == b.root_fd)
                    return;
                if (lacks_right)
                    caller.refuse(EPERM);
            });
        // SIGKILL shows at once in what is pending, and a killed process never sleeps again.
        f.b = b;
        if (b.traced) {
            f.root_alive = kill(b.pair.root, 0) == 0 && state_of(b.pair.root) != 'Z';
            f.child_alive = kill(b.pair.child, 0) == 0 && state_of(b.pair.child) != 'Z';
            if (f.root_alive)
                wait_for_state(b.pair.root, 'S');
            end_pair(b.pair);
        }
        return f;
    });
    REQUIRE(got);
    if (!got->b.traced)
        SKIP_TEST(no_tracer);
    CHECK(got->b.error == EPERM);
    CHECK(got->root_alive);
    CHECK(got->child_alive);
}

TEST_CASE("kill_tree does not count a process that was reaped before it got SIGKILL") {
    const auto got = isolated({}, [] {
        board& b = make_shared_object<board>();
        trace(
            b, [&] { b.pair = fork_pair([] { std::signal(SIGCHLD, SIG_IGN); }, [] {}, [] {}); },
            [&] { kill_root<4>(b, 60s); },
            [&](tracee&, const system_call& call) {
                if (!sends(call, SIGKILL) || static_cast<int>(call.arguments[0]) == b.root_fd)
                    return;
                kill(b.pair.child, SIGKILL);
                wait_until_gone(b.pair.child);
            });
        return b;
    });
    REQUIRE(got);
    if (!got->traced)
        SKIP_TEST(no_tracer);
    CHECK(got->error == 0);
    CHECK(got->killed == 1);
}

TEST_CASE("kill_tree stops a process again that was continued during the call") {
    struct facts {
        board b;
        bool continued;
    };
    const auto got = isolated({}, [] {
        facts f{};
        board& b = make_shared_object<board>();
        int stops = 0;
        trace(
            b, [&] { b.pair = fork_pair(); }, [&] { kill_root<4>(b, 20s); },
            [&](tracee&, const system_call& call) {
                if (stops == 2 && !f.continued) {
                    wait_for_state(b.pair.child, 'T');
                    kill(b.pair.child, SIGCONT);
                    wait_for_state(b.pair.child, 'S');
                    f.continued = true;
                }
                stops += sends(call, SIGSTOP) ? 1 : 0;
            });
        end_pair(b.pair);
        f.b = b;
        return f;
    });
    REQUIRE(got);
    if (!got->b.traced)
        SKIP_TEST(no_tracer);
    CHECK(got->continued);
    CHECK(got->b.error == 0);
    CHECK(got->b.killed == 2);
}

TEST_CASE("if kill_tree fails, a child that was born and stopped during the call runs on") {
    struct facts {
        board b;
        pid_t newborn;
        bool runs;
    };
    const auto got = isolated({}, [] {
        facts f{};
        board& b = make_shared_object<board>();
        auto& newborn = *static_cast<volatile pid_t*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
        int go[2];
        if (pipe2(go, O_CLOEXEC) != 0)
            return f;
        bool stopped = false;
        trace(
            b,
            [&] {
                b.pair = fork_pair([&] {
                    char byte = 0;
                    (void)!read(go[0], &byte, 1);
                    // A sibling: the child of a process that has been stopped already.
                    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr,
                                nullptr) == 0) {
                        newborn = static_cast<pid_t>(syscall(SYS_getpid));
                        raise(SIGSTOP);
                        live_on();
                    }
                    live_on();
                });
            },
            // Two looks are needed.
            [&] { kill_root<4>(b, 0s); },
            [&](tracee&, const system_call& call) {
                if (stopped && newborn == 0) {
                    (void)!write(go[1], "+", 1);
                    while (newborn == 0)
                        usleep(200);
                    wait_for_state(newborn, 'T');
                }
                stopped = stopped || sends(call, SIGSTOP);
            });
        f.b = b;
        f.newborn = newborn;
        if (f.newborn != 0) {
            for (int i = 0; i < 5000 && state_of(f.newborn) != 'S'; ++i)
                usleep(1000);
            f.runs = state_of(f.newborn) == 'S';
            kill_made(f.newborn);
        }
        end_pair(b.pair);
        return f;
    });
    REQUIRE(got);
    if (!got->b.traced)
        SKIP_TEST(no_tracer);
    CHECK(got->b.error == ETIMEDOUT);
    CHECK(got->newborn != 0);
    CHECK(got->runs);
}

namespace {

/// Whether the call opens a list of children.
bool opens_list(const tracee& caller, const system_call& call) {
    constexpr long openat2 = 437;
    if (call.number != SYS_openat && call.number != openat2)
        return false;
    char text[64] = {};
    const iovec here{text, sizeof text - 1};
    iovec there{};
    std::memcpy(&there.iov_base, &call.arguments[1], sizeof there.iov_base);
    there.iov_len = here.iov_len;
    for (; there.iov_len != 0; --there.iov_len) // the page may end
        if (process_vm_readv(caller.pid(), &here, 1, &there, 1, 0) > 0)
            break;
    const std::string path(text);
    return path.size() >= 8 && path.compare(path.size() - 8, 8, "children") == 0;
}

} // namespace

TEST_CASE(
    "without lists of children, kill_tree and kill_descendants fail where /proc hides processes") {
    for (const char* const option : {"", "fresh", "hidepid=1", "hidepid=2"}) {
        CAPTURE(option);
        const bool hides = std::string(option).find("hidepid") == 0;
        surroundings around;
        around.proc = option;
        around.mount_namespace = *option != '\0';
        if (hides && geteuid() != 0)
            continue;
        if (hides)
            around.uid = 65534; // the processes of root are hidden
        const auto got = isolated(around, [] {
            // After a change of ids, the tracer must be able to read the memory.
            if (prctl(PR_SET_DUMPABLE, 1) != 0)
                _exit(1);
            board& b = make_shared_object<board>();
            trace(
                b,
                [&] {
                    if (!become_subreaper())
                        _exit(1);
                    b.pair = fork_pair();
                },
                [&] {
                    kill_root<4>(b, 60s);
                    const auto lives = [&] {
                        return kill(b.pair.child, 0) == 0 && state_of(b.pair.child) != 'Z';
                    };
                    // A process that has got SIGKILL ends a moment later.
                    for (int i = 0; b.error == 0 && lives() && i < 5000; ++i)
                        usleep(1000);
                    b.child_alive = lives();
                    const auto all = kill_descendants(60s);
                    b.second_error = error_of(all);
                },
                [&](tracee& caller, const system_call& call) {
                    if (opens_list(caller, call))
                        caller.refuse(ENOENT);
                });
            end_pair(b.pair);
            return b;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->traced)
            SKIP_TEST(no_tracer);
        CHECK(got->error == (hides ? EACCES : 0));
        CHECK(got->child_alive == hides);
        CHECK(got->second_error == (hides ? EACCES : 0));
    }
}

TEST_CASE("whenever a child ends and reaps itself, kill_descendants finds the orphan it leaves") {
    struct facts {
        board b;
        bool over; // the call ended before the child was to end
        bool deserted;
    };
    constexpr std::size_t most = 1000;
    std::size_t at = 0;
    for (bool over = false; !over && at < most; at += stride()) {
        CAPTURE(at);
        const auto got = isolated({}, [at] {
            facts f{};
            board& b = make_shared_object<board>();
            int line[2];
            if (pipe2(line, O_CLOEXEC) != 0)
                return f;
            std::size_t calls = 0;
            trace(
                b,
                [&] {
                    std::signal(SIGCHLD, SIG_IGN);
                    if (!become_subreaper())
                        _exit(1);
                    b.pair = fork_pair();
                },
                [&] {
                    const auto killed = kill_descendants(60s);
                    b.error = error_of(killed);
                },
                [&](tracee&, const system_call&) {
                    if (calls++ != at)
                        return;
                    kill(b.pair.root, SIGKILL);
                    wait_until_gone(b.pair.root);
                });
            f.b = b;
            f.over = calls <= at;
            // If it has succeeded, nobody but this process holds the pipe.
            close(line[1]);
            fcntl(line[0], F_SETFL, O_NONBLOCK);
            char byte = 0;
            f.deserted = read(line[0], &byte, 1) == 0;
            if (!f.deserted)
                end_pair(b.pair);
            return f;
        });
        REQUIRE(got);
        if (!got->b.traced)
            SKIP_TEST(no_tracer);
        REQUIRE(got->b.error == 0);
        REQUIRE(got->deserted);
        over = got->over;
    }
    CHECK(at < most);
}
