// SPDX-License-Identifier: MIT
// The child's session and process group, its priority, limits, and the death of its parent.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("a child is in the caller's session and process group") {
    const run_result r = run({"facts"});
    CHECK(r["sid"] == std::to_string(getsid(0)));
    CHECK(r["pgid"] == std::to_string(getpgid(0)));
    CHECK(r["ppid"] == std::to_string(getpid()));
}

TEST_CASE("a child may begin a session of its own") {
    spawn_options o;
    o.new_session = true;
    const run_result r = run({"facts"}, o);
    CHECK(r["sid"] == r["pid"]);
    CHECK(r["pgid"] == r["pid"]);
}

TEST_CASE("a child may lead a process group, and another join it") {
    spawn_options o;
    o.process_group = 0;
    const run_result r = run({"facts"}, o);
    CHECK(r["pgid"] == r["pid"]);
    CHECK(r["sid"] == std::to_string(getsid(0)));

    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const fd_mapping map[] = {{ends[1], 1}};
    o.fds = map;
    auto leader = spawn(spawnee(), arguments({"sleep"}), o);
    REQUIRE(leader);
    const auto pid = leader->get_pid();
    REQUIRE(pid);
    spawn_options join;
    join.process_group = *pid;
    CHECK(run({"facts"}, join)["pgid"] == std::to_string(*pid));
    CHECK(leader->kill());
    CHECK(leader->wait());
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a child has the caller's priority, or the given one") {
    CHECK(run({"facts"})["nice"] == std::to_string(getpriority(PRIO_PROCESS, 0)));
    const int own = getpriority(PRIO_PROCESS, 0);
    if (own == 19)
        SKIP_TEST("the tests run with the highest nice value");
    spawn_options o;
    o.priority = 19;
    CHECK(run({"facts"}, o)["nice"] == "19");
    CHECK(getpriority(PRIO_PROCESS, 0) == own);
}

TEST_CASE("a child has the given limits, set in order, and otherwise the caller's") {
    rlimit core{};
    rlimit stack{};
    REQUIRE(getrlimit(RLIMIT_CORE, &core) == 0);
    REQUIRE(getrlimit(RLIMIT_STACK, &stack) == 0);
    const rlim_t most = std::min<rlim_t>(stack.rlim_max, 64 << 20);
    const resource_limit limits[] = {
        {RLIMIT_NOFILE, {50, 60}}, {RLIMIT_STACK, {most, most}}, {RLIMIT_NOFILE, {20, 40}}};
    spawn_options o;
    o.limits = limits;
    const std::string nofile = std::to_string(RLIMIT_NOFILE);
    const std::string stack_name = std::to_string(RLIMIT_STACK);
    const std::string core_name = std::to_string(RLIMIT_CORE);
    CHECK(run({"limit", nofile.c_str()}, o)["limit"] == "20 40");
    CHECK(run({"limit", stack_name.c_str()}, o)["limit"] ==
          std::to_string(most) + " " + std::to_string(most));
    CHECK(run({"limit", core_name.c_str()}, o)["limit"] ==
          std::to_string(static_cast<long long>(core.rlim_cur)) + " " +
              std::to_string(static_cast<long long>(core.rlim_max)));
    rlimit after{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &after) == 0);
    CHECK(after.rlim_max != 40);
}

TEST_CASE("a limit on file descriptors does not prevent the mappings") {
    const int high = fcntl(0, F_DUPFD_CLOEXEC, 100);
    REQUIRE(high >= 100);
    const resource_limit limits[] = {{RLIMIT_NOFILE, {4, 4}}};
    const fd_mapping map[] = {{high, 50}};
    spawn_options o;
    o.limits = limits;
    o.fds = map;
    CHECK(run({"fds"}, o)["fd 50"] != "?");
    close(high);
}

TEST_CASE("an infinite limit stays infinite") {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_CPU, &limit) == 0);
    if (limit.rlim_max != RLIM_INFINITY)
        SKIP_TEST("the processor time of this machine's processes is limited");
    const resource_limit limits[] = {{RLIMIT_CPU, {RLIM_INFINITY, RLIM_INFINITY}}};
    spawn_options o;
    o.limits = limits;
    const std::string cpu = std::to_string(RLIMIT_CPU);
    CHECK(run({"limit", cpu.c_str()}, o)["limit"] == "-1 -1");
}

TEST_CASE("the parent-death signal is set in the child, and survives the change of its ids") {
    spawn_options o;
    CHECK(run({"facts"}, o)["parent_death_signal"] == "0");
    o.parent_death_signal = SIGUSR1;
    CHECK(run({"facts"}, o)["parent_death_signal"] == std::to_string(SIGUSR1));
    if (geteuid() == 0) {
        o.uid = 65534;
        o.gid = 65534;
        o.groups = keep_groups;
        const run_result r = run({"facts"}, o);
        if (r.error == EACCES)
            SKIP_TEST("the test's program is out of reach of another user");
        CHECK(r["uid"] == "65534 65534 65534");
        CHECK(r["parent_death_signal"] == std::to_string(SIGUSR1));
    }
}

TEST_CASE("a child with a parent-death signal dies with its parent") {
    // The writing end of this pipe is the child's, as long as it lives.
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    auto parent = support::test_child::that([&] {
        const fd_mapping map[] = {{ends[1], 1}};
        spawn_options o;
        o.fds = map;
        o.parent_death_signal = SIGKILL;
        const auto c = spawn(spawnee(), arguments({"ready", "sleep"}), o);
        close(ends[1]);
        while (c)
            pause();
        return 1;
    });
    parent.go();
    close(ends[1]);
    char text[6];
    REQUIRE(read(ends[0], text, 6) == 6);
    parent.reap();
    CHECK(read(ends[0], text, 1) == 0);
    close(ends[0]);
}

TEST_CASE("a child with a parent-death signal dies with the thread that started it") {
    expected<pidfd_util::child> c = pidfd_util::child();
    std::thread([&] {
        spawn_options o;
        o.parent_death_signal = SIGTERM;
        c = spawn(spawnee(), arguments({"sleep"}), o);
    }).join();
    REQUIRE(c);
    const auto status = c->wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGTERM);
}
