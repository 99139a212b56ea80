// SPDX-License-Identifier: MIT
// Processes that do not stop: kill_tree waits for them, and in the end kills nothing.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/process_pair.hpp"
#include "support/process_tree.hpp"
#include "support/processes.hpp"
#include "support/shared_object.hpp"

#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/kill_tree.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

std::string comm_of(pid_t pid) {
    return "/proc/" + std::to_string(pid) + "/comm";
}

struct facts {
    int error;
    char state;
};

/// Kills a process that sleeps uninterruptibly, as in a fork that waits for memory, and has a child
/// that has stopped: one that has executed a program, or one that could be the child of a vfork, but
/// has memory of its own.
facts kill_sleeper(bool child_executes) {
    facts f{};
    life_line line;
    int hold[2];
    if (pipe2(hold, O_CLOEXEC) != 0)
        return f;
    const pid_t root = fork();
    if (root == 0) {
        if (fork() == 0) {
            if (!child_executes)
                live_on();
            close(hold[1]);
            dup2(hold[0], 0);
            execl("/bin/sh", "sh", "-c", "read line", nullptr);
            _exit(1);
        }
        // The process that it waits for is a sibling, outside of the tree.
        const long sibling = syscall(SYS_clone, CLONE_VFORK | CLONE_PARENT | SIGCHLD, nullptr,
                                     nullptr, nullptr, nullptr);
        if (sibling == 0) {
            line.write("+");
            char byte = 0;
            close(hold[1]);
            (void)!read(hold[0], &byte, 1);
            _exit(0);
        }
        live_on();
    }
    line.wait_for(1);
    while (state_of(root) != 'D')
        usleep(200);
    pidfd all[4];
    const auto process = pidfd::from_pid(root);
    const auto listed = children(*process, all);
    const pid_t child = listed && listed->count == 1 ? all[0].get_pid().value() : -1;
    while (child_executes && child > 0 && read_file_at(AT_FDCWD, comm_of(child).c_str()) != "sh\n")
        usleep(200);
    const auto killed = kill_tree(*process, all, 200ms);
    f.error = error_of(killed);
    f.state = state_of(root);
    kill_made(child);
    close(hold[1]);
    kill_made(root);
    return f;
}

} // namespace

TEST_CASE(
    "kill_tree waits for a process that sleeps uninterruptibly, although its child has stopped") {
    for (const bool child_executes : {true, false}) {
        CAPTURE(child_executes);
        const auto got = isolated({}, [=] { return kill_sleeper(child_executes); });
        REQUIRE(got);
        CHECK(got->error == ETIMEDOUT);
        CHECK(got->state == 'D');
    }
}

TEST_CASE("where kcmp is refused, kill_tree waits for the end of a vfork") {
    for (const int error : {0, EPERM, ENOSYS}) {
        CAPTURE(error);
        struct result {
            int error;
            bool child_lives;
        };
        const auto got = isolated({}, [error] {
            result r{};
            auto& child = make_shared_object<std::atomic<pid_t>>();
            const pid_t root = fork();
            if (root == 0) {
                if (vfork() == 0) {
                    child = static_cast<pid_t>(syscall(SYS_getpid));
                    live_on();
                }
                live_on();
            }
            while (child == 0)
                usleep(200);
            const auto process = pidfd::from_pid(root);
            if (!install({{SYS_kcmp, error}}))
                return r;
            pidfd all[4];
            const auto killed = kill_tree(*process, all, 200ms);
            r.error = error_of(killed);
            r.child_lives = gets_state(child, 'S');
            end_pair({root, child});
            return r;
        });
        REQUIRE(got);
        CHECK(got->error == ETIMEDOUT);
        CHECK(got->child_lives);
    }
}

TEST_CASE("kill_tree waits for a process in a frozen cgroup, which runs on after it was thawed") {
    const auto group = test_cgroup::make("kill_tree");
    if (!group)
        SKIP_TEST(no_cgroup);
    struct result {
        bool frozen;
        int error;
        bool root_runs;
        bool child_runs;
        int second_error;
    };
    const auto got = isolated({}, [&group] {
        result r{};
        const auto is_frozen = [&] {
            const std::string events =
                read_file_at(AT_FDCWD, (group->path() + "/cgroup.events").c_str());
            return events.find("frozen 1") != std::string::npos;
        };
        const auto pair = fork_pair();
        r.frozen = group->add(pair.child) && group->write("cgroup.freeze", "1");
        for (int i = 0; r.frozen && !is_frozen() && i < 5000; ++i)
            usleep(1000);
        r.frozen = r.frozen && is_frozen();
        const auto process = pidfd::from_pid(pair.root);
        pidfd all[4];
        const auto killed = kill_tree(*process, all, 200ms);
        r.error = error_of(killed);
        (void)group->write("cgroup.freeze", "0");
        r.root_runs = gets_state(pair.root, 'S');
        // A SIGSTOP that was left pending would stop it now.
        usleep(10'000);
        r.child_runs = gets_state(pair.child, 'S');
        const auto again = kill_tree(*process, all, 60s);
        r.second_error = error_of(again);
        end_pair(pair);
        while (kill(pair.child, 0) == 0 && state_of(pair.child) != 'Z')
            usleep(1000);
        return r;
    });
    REQUIRE(got);
    if (!got->frozen)
        SKIP_TEST(no_cgroup);
    CHECK(got->error == ETIMEDOUT);
    CHECK(got->root_runs);
    CHECK(got->child_runs);
    CHECK(got->second_error == 0);
}
