// SPDX-License-Identifier: MIT
// spawn in programs with threads, under a debugger, and of programs with threads.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct counts {
    int errors;
    int wrong;
    int fds;
    int left;
};

} // namespace

TEST_CASE(
    "spawn from many threads at once, while others allocate and fork, gives each its own child") {
    const auto got = isolated({}, [] {
        counts c{};
        const int before = count_fds();
        std::atomic<int> errors{0};
        std::atomic<int> wrong{0};
        std::atomic<bool> stop{false};
        std::vector<std::thread> noise;
        for (int i = 0; i < 2; ++i) {
            noise.emplace_back([&] {
                while (!stop) {
                    void* volatile p = std::malloc(4000);
                    std::free(p);
                    setenv("PIDFD_UTIL_NOISE", "x", 1);
                    sched_yield();
                }
            });
        }
        std::vector<std::thread> spawners;
        for (int t = 0; t < 4; ++t) {
            spawners.emplace_back([&, t] {
                const std::string code = std::to_string(100 + t);
                const char* const environment[] = {"A=1", nullptr};
                spawn_options o;
                o.environment = environment; // the caller's is being written to
                for (int i = 0; i < 40; ++i) {
                    auto child = spawn(spawnee(), arguments({"exit", code.c_str()}), o);
                    const auto status =
                        child ? child->wait() : expected<exit_status>(unexpected(child.error()));
                    errors += status ? 0 : 1;
                    wrong += status && status->code() != 100 + t ? 1 : 0;
                    // Failures as well.
                    wrong += spawn("/nonexistent", arguments({}), o) ? 1 : 0;
                }
            });
        }
        // This one begins last: thread sanitizers let no thread begin after a fork.
        noise.emplace_back([&] {
            while (!stop) {
                const pid_t pid = fork();
                if (pid == 0)
                    _exit(0);
                waitpid(pid, nullptr, 0);
            }
        });
        for (std::thread& t : spawners)
            t.join();
        stop = true;
        for (std::thread& t : noise)
            t.join();
        c.errors = errors;
        c.wrong = wrong;
        c.fds = count_fds() - before;
        c.left = waitpid(-1, nullptr, WNOHANG | __WALL) < 0 ? errno : -1;
        return c;
    });
    REQUIRE(got);
    CHECK(got->errors == 0);
    CHECK(got->wrong == 0);
    CHECK(got->fds == 0);
    CHECK(got->left == ECHILD);
}

TEST_CASE("no child gets file descriptors of another thread that sets close-on-exec late") {
    // The other thread calls pipe() and sets FD_CLOEXEC afterwards. In between, only
    // close_other_fds keeps a new child from having the pipe.
    std::atomic<bool> stop{false};
    std::thread opener([&] {
        while (!stop) {
            int ends[2];
            if (pipe(ends) == 0) {
                close(ends[0]);
                close(ends[1]);
            }
        }
    });
    int most = 0;
    for (int i = 0; i < 20; ++i) {
        const run_result r = run({"fds"});
        int lines = 0;
        for (const char c : r.output)
            lines += c == '\n' ? 1 : 0;
        most = std::max(most, lines);
    }
    stop = true;
    opener.join();
    CHECK(most == 3);
}

TEST_CASE("a child can be waited for after the thread that started it has ended") {
    expected<pidfd_util::child> c = pidfd_util::child();
    std::thread([&] { c = spawn(spawnee(), arguments({"exit", "81"})); }).join();
    REQUIRE(c);
    CHECK(c->wait()->code() == 81);
}

TEST_CASE("spawn works after the first thread of the program has exited, and after a fork in a "
          "threaded one") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    auto p = support::test_child::that([&] {
        std::thread([&] {
            while (true) { // until the first thread is gone
                char text[512] = {};
                const std::string stat = "/proc/" + std::to_string(getpid()) + "/stat";
                const int fd = open(stat.c_str(), O_RDONLY);
                (void)!read(fd, text, sizeof text - 1);
                close(fd);
                if (std::string(text).find(") Z ") != std::string::npos)
                    break;
                usleep(1000);
            }
            auto c = spawn(spawnee(), arguments({"exit", "82"}));
            const auto status = c ? c->wait() : expected<exit_status>(unexpected(c.error()));
            int code = status ? status->code().value_or(-1) : -status.error().value();
            (void)!write(ends[1], &code, sizeof code);
            const pid_t inner = fork();
            if (inner == 0) {
                auto again = spawn(spawnee(), arguments({"exit", "83"}));
                _exit(again ? again->wait()->code().value_or(1) : 2);
            }
            int word = 0;
            waitpid(inner, &word, 0);
            code = WEXITSTATUS(word);
            (void)!write(ends[1], &code, sizeof code);
            _exit(0);
        }).detach();
        syscall(SYS_exit, 0);
        return 0;
    });
    p.go();
    int code = 0;
    REQUIRE(read(ends[0], &code, sizeof code) == sizeof code);
    CHECK(code == 82);
    REQUIRE(read(ends[0], &code, sizeof code) == sizeof code);
    CHECK(code == 83);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("spawn works under a debugger that follows its children") {
    int ends[2];
    int go[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(pipe2(go, O_CLOEXEC) == 0);
    auto debuggee = support::test_child::that([&] {
        char byte = 0;
        (void)!read(go[0], &byte, 1);
        auto c = spawn(spawnee(), arguments({"exit", "84"}));
        const auto status = c ? c->wait() : expected<exit_status>(unexpected(c.error()));
        spawn_step step{};
        const auto missing = spawn("/nonexistent", arguments({}), {}, &step);
        const int facts[2] = {status ? status->code().value_or(-1) : -status.error().value(),
                              missing ? 0 : missing.error().value()};
        (void)!write(ends[1], facts, sizeof facts);
        return 0;
    });
    const pid_t tracee = debuggee.pid();
    bool attached = false;
    std::thread debugger([&] {
        attached = ptrace(PTRACE_SEIZE, tracee, nullptr,
                          reinterpret_cast<void*>(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                                  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                                                  PTRACE_O_TRACEVFORKDONE)) == 0;
        debuggee.go();
        (void)!write(go[1], "g", 1);
        // Continues every stop, including the first one of a new child.
        bool alive = attached;
        while (alive) {
            int status = 0;
            const pid_t pid = waitpid(-1, &status, __WALL);
            if (pid < 0)
                break;
            if (WIFSTOPPED(status)) {
                const int signal = WSTOPSIG(status);
                const bool event = (status >> 16) != 0;
                ptrace(PTRACE_CONT, pid, nullptr,
                       event || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal);
            } else {
                alive = pid != tracee;
            }
        }
    });
    int facts[2] = {-1, -1};
    CHECK(read(ends[0], facts, sizeof facts) == sizeof facts);
    debugger.join();
    for (const int fd : {ends[0], ends[1], go[0], go[1]})
        close(fd);
    if (attached)
        debuggee.disown();
    if (!attached)
        SKIP_TEST("no right to trace");
    CHECK(facts[0] == 84);
    CHECK(facts[1] == ENOENT);
}
