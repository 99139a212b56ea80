// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/process_tree.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("kill_tree kills a process without children") {
    const auto got = isolated(
        {}, [] { return kill_one([](const life_line& line) { grow(line, 0, 0, false); }, 1); });
    REQUIRE(got);
    check_killed(*got, 1);
}

TEST_CASE("kill_tree kills a tree, also over sessions and process groups, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const bool own_sessions : {false, true}) {
            CAPTURE(kernel.name, own_sessions);
            const auto got = isolated(on(kernel), [own_sessions] {
                if (!pidfd::from_self()) {
                    killing k{};
                    k.error = pidfd::from_self().error().value();
                    return k;
                }
                return kill_one([&](const life_line& line) { grow(line, 3, 3, own_sessions); },
                                size_of_tree(3, 3));
            });
            REQUIRE(got);
            if (kernel.refuses_pidfd_open())
                CHECK(got->error != 0);
            else
                check_killed(*got, size_of_tree(3, 3));
        }
    }
}

TEST_CASE("kill_tree kills processes that are stopped, and threads and their children") {
    const auto stopped = isolated({}, [] {
        return kill_one(
            [](const life_line& line) {
                if (fork() == 0) {
                    line.write("+");
                    raise(SIGSTOP);
                    live_on();
                }
                line.write("+");
                live_on();
            },
            2);
    });
    REQUIRE(stopped);
    check_killed(*stopped, 2);
    const auto threaded = isolated({}, [] {
        return kill_one(
            [](const life_line& line) {
                for (int i = 0; i < 4; ++i)
                    std::thread([&] {
                        if (fork() == 0)
                            grow(line, 0, 0, false);
                        live_on();
                    }).detach();
                // The first thread exits, the others go on.
                syscall(SYS_exit, 0);
                live_on();
            },
            4);
    });
    REQUIRE(threaded);
    check_killed(*threaded, 5);
}

TEST_CASE("kill_tree kills a process that waits in vfork, and its child") {
    const auto got = isolated({}, [] {
        return kill_one(
            [](const life_line& line) {
                const pid_t made = vfork();
                if (made == 0) {
                    line.write("+");
                    live_on();
                }
                live_on();
            },
            1);
    });
    REQUIRE(got);
    check_killed(*got, 2);
}

TEST_CASE("kill_tree does not hit a child that has ended, and leaves its parent's status alone") {
    const auto got = isolated({}, [] {
        return kill_one(
            [](const life_line& line) {
                const pid_t ended = fork();
                if (ended == 0)
                    _exit(3);
                siginfo_t info;
                waitid(P_PID, static_cast<id_t>(ended), &info, WEXITED | WNOWAIT);
                line.write("+");
                live_on();
            },
            1);
    });
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->killed == 1);
    CHECK(got->descendants == 1);
    CHECK(got->deserted);
}

TEST_CASE("nothing of a fork bomb whose parents live survives kill_tree") {
    const int many = long_mode() ? 10'000 : rounds(40);
    for (int round = 0; round < many; ++round) {
        CAPTURE(round);
        const auto got = isolated({}, [round] {
            return kill_one(
                [round](const life_line& line) {
                    // Every process makes children in new sessions, up to a limit for all.
                    line.write("+");
                    for (int level = 0; level < 5; ++level) {
                        if (fork() == 0) {
                            if ((level + round) % 2 == 0)
                                setsid();
                            else
                                setpgid(0, 0);
                        }
                    }
                    live_on();
                },
                1);
        });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->killed >= 1);
        CHECK(got->killed <= 32);
        CHECK(got->deserted);
        CHECK(got->sentinel);
        CHECK(got->reachable);
        CHECK(got->leaked == 0);
    }
}

TEST_CASE("kill_tree works in a pid namespace with the /proc outside of it") {
    for (const char* const proc : {"", "fresh"}) {
        CAPTURE(proc);
        surroundings inside;
        inside.pid_namespace = true;
        inside.mount_namespace = true;
        inside.user_namespace = geteuid() != 0;
        inside.proc = proc;
        const auto got = isolated(inside, [] {
            return kill_one([](const life_line& line) { grow(line, 2, 2, true); },
                            size_of_tree(2, 2));
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->killed == 7);
        CHECK(got->deserted);
        CHECK(got->reachable);
    }
}
