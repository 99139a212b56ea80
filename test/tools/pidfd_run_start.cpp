// SPDX-License-Identifier: MIT
// The options of the example tool pidfd-run that change how the command starts.
#include "support/catch.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace run_tool;

namespace {

/// Runs a script of the shell with these options, and returns what it prints.
std::string output(std::vector<std::string> options, const std::string& script) {
    options.insert(options.end(), {"sh", "-c", script});
    const auto r = run(options);
    INFO(r.err);
    CHECK(r.code == 0);
    return r.out;
}

} // namespace

TEST_CASE("pidfd-run starts the command in a directory, with a umask, limits and a nice value") {
    CHECK(output({"--directory=/usr"}, "pwd") == "/usr\n");
    CHECK(output({"--umask=27"}, "umask") == "0027\n");
    CHECK(output({"--limit=nofile=50:60", "--limit", "core=0"},
                 "ulimit -Sn; ulimit -Hn; ulimit -c") == "50\n60\n0\n");
    CHECK(output({"--limit=cpu=unlimited"}, "ulimit -St") == "unlimited\n");
    CHECK(output({"--nice=19"}, "cut -d' ' -f19 /proc/self/stat") == "19\n");
    CHECK(output({"--no-new-privs"}, "grep -c 'NoNewPrivs:.1' /proc/self/status") == "1\n");
}

TEST_CASE("pidfd-run runs the command on the CPUs of a list") {
    CHECK(output({"--cpus=0"}, "grep Cpus_allowed_list /proc/self/status") ==
          "Cpus_allowed_list:\t0\n");
    CHECK(run({"--cpus=8191", "true"}).says("step cpus (--cpus): "));
}

TEST_CASE("pidfd-run changes the environment in the order of the options") {
    const char* const environment[] = {"PATH=/usr/bin:/bin", "A=1", "B=2", nullptr};
    spawn_options options;
    options.environment = environment;
    CHECK(run({"--unset-env=A", "--env=B=3", "--env=C=x=y", "env"}, options).out ==
          "PATH=/usr/bin:/bin\nB=3\nC=x=y\n");
    CHECK(run({"--env=A=2", "--clear-env", "--env=B=", "env"}, options).out == "B=\n");
}

TEST_CASE("pidfd-run runs the command as another user, with the groups of that user") {
    if (geteuid() != 0)
        SKIP_TEST("needs root");
    const auto r = run({"--user=nobody", "sh", "-c", "id -un; id -ru; id -G; id -G nobody"});
    if (r.says("is not a user"))
        SKIP_TEST("no user nobody here");
    CHECK(r.code == 0);
    const std::size_t groups = r.out.find('\n', r.out.find('\n') + 1) + 1;
    const std::size_t half = (r.out.size() - groups) / 2;
    CHECK(r.out.rfind("nobody\n", 0) == 0);
    CHECK(r.out.substr(groups, half) == r.out.substr(groups + half));
    CHECK(output({"--user=4711", "--group=4712", "--groups=4713,4714"}, "id -u; id -g; id -G") ==
          "4711\n4712\n4712 4713 4714\n");
    CHECK(output({"--user=4711", "--group=4712", "--groups="}, "id -G") == "4712\n");
    CHECK(run({"--user=4711", "true"}).says("the system does not know this user"));
}

TEST_CASE("pidfd-run says which option is not permitted") {
    if (geteuid() != 0)
        SKIP_TEST("needs root, which runs pidfd-run as a user without rights");
    const auto r =
        run({"--user=4711", "--group=4711", "--groups=", "--", PIDFD_RUN, "--user=0", "true"});
    if (r.code == 126)
        SKIP_TEST("another user may not run pidfd-run here");
    CHECK(r.code == 125);
    CHECK(r.err ==
          "pidfd-run: cannot start true, step groups (--groups): Operation not permitted\n");
}

TEST_CASE("pidfd-run runs the command in new namespaces") {
    const auto r = run({"--namespaces=uts,pid", "sh", "-c", "echo $$; readlink /proc/self/ns/uts"});
    if (r.code == 125)
        SKIP_TEST("no new namespaces here: " + r.err);
    CHECK(r.code == 0);
    CHECK(r.out.rfind("1\n", 0) == 0);
    CHECK(r.out.substr(2) != output({}, "readlink /proc/self/ns/uts"));
}

TEST_CASE("pidfd-run runs the command in the namespaces of another process") {
    const char script[] = "readlink /proc/self/ns/uts; exec sleep 1000";
    tool other({"--die-with-parent", "--namespaces=uts", "sh", "-c", script});
    const auto& process = other.process();
    if (process.wait_exit_for(std::chrono::milliseconds(200)))
        SKIP_TEST("no new namespaces here");
    const std::string uts = other.wait_for_line() + "\n";
    std::vector<pidfd> children_of_tool(4);
    const auto list = children(process, children_of_tool);
    REQUIRE(list);
    REQUIRE(list->count == 1);
    const auto pid = children_of_tool[0].get_pid();
    REQUIRE(pid);
    CHECK(output({"--enter=" + std::to_string(*pid) + ",uts"}, "readlink /proc/self/ns/uts") ==
          uts);
    CHECK(output({"--enter=" + std::to_string(*pid)}, "readlink /proc/self/ns/uts") == uts);
    const auto stamp = children_of_tool[0].get_stamp();
    REQUIRE(stamp);
    CHECK(output({"--enter=" + std::string(to_text(*stamp)) + ",uts"},
                 "readlink /proc/self/ns/uts") == uts);
}

TEST_CASE("pidfd-run says that a process to enter has ended") {
    CHECK(run({"--enter=4194304", "true"}).says("4194304: no such process\n"));
}

TEST_CASE("pidfd-run --die-with-parent ends the command when pidfd-run is killed") {
    tool t({"--die-with-parent", "sh", "-c", "echo ready; exec sleep 1000"});
    t.wait_for_line();
    REQUIRE(t.process().kill());
    // The command holds the output open.
    CHECK(t.finish().signal == SIGKILL);
}

TEST_CASE("the last --user of pidfd-run counts, with its own groups") {
    if (geteuid() != 0)
        SKIP_TEST("only root can change users");
    const auto r = run({"--user", "root", "--user", "nobody", "sh", "-c", "id -u; id -g; id -G"});
    const auto alone = run({"--user", "nobody", "sh", "-c", "id -u; id -g; id -G"});
    CHECK(r.code == 0);
    CHECK(r.out == alone.out);
    CHECK(run({"--user", "root", "--user", "4294967290", "true"}).code == 125);
}
