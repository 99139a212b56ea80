// SPDX-License-Identifier: MIT
// The example tool pidfd-run and the descendants of the command.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace run_tool;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

/// Runs the tool, whose output is open as long as a descendant lives. Returns true if the descendants,
/// which sleep for 1000 s, did not live on.
bool all_end(const std::vector<std::string>& arguments, int expected_code) {
    const auto begin = steady_clock::now();
    const auto r = run(arguments);
    CHECK(r.code == expected_code);
    return steady_clock::now() - begin < seconds(60);
}

} // namespace

TEST_CASE("pidfd-run stops the descendants of the command at the limit") {
    CHECK(all_end({"-t", "50ms", "sh", "-c", "sleep 1000 & wait"}, 124));
}

TEST_CASE("pidfd-run stops descendants in another session, and those that have lost their parent") {
    CHECK(all_end({"-t", "50ms", "sh", "-c", "setsid sleep 1000 & wait"}, 124));
    CHECK(all_end({"-t", "100ms", "sh", "-c", "(setsid sleep 1000 &); sleep 1000"}, 124));
}

TEST_CASE("pidfd-run takes the rest of the stop policy for descendants that outlive the command") {
    // The command ends by SIGTERM, and its descendant ignores that.
    const auto begin = steady_clock::now();
    const auto r = run({"-v", "-t", "200ms", "-k", "50ms", "sh", "-c",
                        "(trap '' TERM; exec setsid sleep 1000) & sleep 1000"});
    CHECK(r.code == 124);
    CHECK(r.says("sending SIGKILL\n"));
    CHECK(steady_clock::now() - begin < seconds(60));
}

TEST_CASE("pidfd-run leaves the descendants alone with --foreground, and after an end in time") {
    for (const char* option : {"--foreground", "--timeout=1h"}) {
        CAPTURE(option);
        // The descendant holds the output open, and writes to it last.
        const auto r = run({option, "sh", "-c", "(sleep 0.2; echo lives) & exit 3"});
        CHECK(r.code == 3);
        CHECK(r.out == "lives\n");
    }
    const auto limit =
        run({"-f", "-t", "50ms", "sh", "-c", "(sleep 0.5; echo lives) & exec sleep 1000"});
    CHECK(limit.code == 124);
    CHECK(limit.out == "lives\n");
}

TEST_CASE("pidfd-run spares the children that its process had before it was executed") {
    const std::string script =
        "(sleep 0.5; echo lives) & exec " PIDFD_RUN " -t 50ms sh -c 'sleep 1000 & wait'";
    tool t({"-c", script}, {}, "/bin/sh");
    const auto r = t.finish();
    CHECK(r.code == 124);
    CHECK(r.out == "lives\n");
}

TEST_CASE("pidfd-run --init ends what the command has left behind, and waits for it") {
    CHECK(all_end({"--init", "sh", "-c", "setsid sleep 1000 & exit 4"}, 4));
    CHECK(all_end(
        {"--init", "-k", "50ms", "sh", "-c", "(trap '' TERM; exec sleep 1000) & sleep 0.1; exit 4"},
        4));
    const auto graceful = run({"--init", "sh", "-c",
                               "(trap 'sleep 0.1; echo bye; exit' TERM; echo; "
                               "while :; do sleep 0.01; done) & read line; exit 4"});
    CHECK(graceful.code == 4);
}

TEST_CASE("pidfd-run --init reaps orphans while the command runs") {
    const auto r = run({"--init", "sh", "-c",
                        "(sh -c 'echo $$' &); sleep 0.3; "
                        "for p in $(cat /proc/$PPID/task/$PPID/children); do"
                        "  [ $p = $$ ] || echo $p is left; done"});
    CHECK(r.code == 0);
    CHECK(r.out.find("left") == std::string::npos);
}

TEST_CASE("pidfd-run as the first process of a pid namespace is an init, and exits with 128+N") {
    const auto r =
        run({"--namespaces", "pid", "--", PIDFD_RUN, "sh", "-c", "sleep 1000 & kill -TERM $$"});
    if (r.code == 125)
        SKIP_TEST("no new pid namespace here: " + r.err);
    CHECK(r.code == 128 + SIGTERM);
}

TEST_CASE("pidfd-run waits for a command that it may not signal, and exits with 124") {
    if (geteuid() != 0)
        SKIP_TEST("needs root, to make a set-user-ID program");
    char directory[] = "/tmp/pidfd-run-suid-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    REQUIRE(chmod(directory, 0755) == 0);
    const std::string program = directory + std::string("/setpriv");
    const bool made =
        system(("cp \"$(command -v setpriv)\" " + program + " && chmod 4755 " + program).c_str()) ==
        0;
    // The program that becomes root runs as nobody before. As nobody, the tool may not signal root.
    const auto r = run({"--user", "nobody", "--", PIDFD_RUN, "-t", "100ms", "-k", "100ms", program,
                        "--reuid=0", "--regid=0", "--clear-groups", "sleep", "1"});
    (void)!system(("rm -r " + std::string(directory)).c_str());
    if (!made || r.code == 125 || r.code == 126 || r.code == 127)
        SKIP_TEST("no setpriv(1) or no user nobody here, or this user may not run pidfd-run");
    CHECK(r.code == 124);
    CHECK(r.says("may not signal " + program));
    CHECK(r.says("which runs as another user; waiting for its end\n"));
}

TEST_CASE("pidfd-run --new-cgroup runs the command in a new cgroup, and removes it") {
    const std::string script = "grep ^0:: /proc/self/cgroup";
    const auto r = run({"--new-cgroup", "sh", "-c", script});
    if (r.code == 125)
        SKIP_TEST("no new cgroup here: " + r.err);
    CHECK(r.code == 0);
    CHECK(r.err.empty());
    const std::size_t name = r.out.find("pidfd-run-");
    REQUIRE(name != std::string::npos);
    const std::string directory = support::cgroup2_mount() + r.out.substr(3, r.out.size() - 4);
    CHECK(access(directory.c_str(), F_OK) != 0);
    CHECK(all_end({"--new-cgroup", "-t", "50ms", "sh", "-c", "setsid sleep 1000 & wait"}, 124));
}

TEST_CASE("pidfd-run reports a --new-cgroup that it cannot remove because processes run in it") {
    tool t({"--new-cgroup", "sh", "-c", "sleep 1 & grep ^0:: /proc/self/cgroup; exit 3"});
    const auto r = t.finish();
    if (r.code == 125)
        SKIP_TEST("no new cgroup here: " + r.err);
    CHECK(r.code == 3);
    CHECK(r.says(" was not removed: "));
    // The descendant, which held the output open, has ended.
    const std::string directory = support::cgroup2_mount() + r.out.substr(3, r.out.size() - 4);
    for (int i = 0; i < 100 && rmdir(directory.c_str()) != 0; ++i)
        usleep(10'000);
    CHECK(access(directory.c_str(), F_OK) != 0);
}

TEST_CASE(
    "pidfd-run kills the members of its --cgroup at the limit, but not those of another job") {
    const auto group = support::test_cgroup::make("pidfd-run-job");
    if (!group)
        SKIP_TEST(support::no_cgroup);
    const auto own = run({"--cgroup", group->path(), "-t", "50ms", "-s", "KILL", "sh", "-c",
                          "setsid sleep 1000 & wait"});
    if (own.code == 125)
        SKIP_TEST("this kernel has no CLONE_INTO_CGROUP");
    CHECK(own.code == 124);
    const auto shared = group->make_below("shared");
    REQUIRE(shared);
    tool other({"--cgroup", shared->path(), "sh", "-c", "echo; sleep 1; exit 5"});
    other.wait_for_line();
    CHECK(all_end({"--cgroup", shared->path(), "-t", "50ms", "-s", "KILL", "sh", "-c",
                   "setsid sleep 1000 & wait"},
                  124));
    CHECK(other.finish().code == 5);
}

TEST_CASE("pidfd-run ends a job that is larger than the limit of file descriptors") {
    const std::string start_many = "for i in $(seq 60); do sleep 1000 & done; wait";
    const resource_limit few[] = {{RLIMIT_NOFILE, {40, 40}}};
    spawn_options options;
    options.limits = few;
    const auto begin = steady_clock::now();
    const auto r = run({"-t", "200ms", "-k", "100ms", "sh", "-c", start_many}, options);
    CHECK(r.code == 124);
    CHECK(steady_clock::now() - begin < seconds(60)); // nobody holds the output open
}
