// SPDX-License-Identifier: MIT
// The example tool pidfd-run beside timeout(1).
#include "support/catch.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace run_tool;

namespace {

constexpr char timeout_program[] = "/usr/bin/timeout";

/// Runs a command with a limit by both tools, and checks that both end in the same way.
void check_same(const std::vector<std::string>& options, const std::string& limit,
                const std::vector<std::string>& command) {
    std::vector<std::string> theirs = options;
    theirs.push_back(limit);
    theirs.insert(theirs.end(), command.begin(), command.end());
    std::vector<std::string> ours = options;
    ours.insert(ours.end(), {"--timeout", limit, "--"});
    ours.insert(ours.end(), command.begin(), command.end());
    const auto a = run(ours);
    const auto b = tool(theirs, {}, timeout_program).finish();
    CAPTURE(command[0]);
    CAPTURE(a.err);
    CHECK(a.code == b.code);
    CHECK(a.signal == b.signal);
    CHECK(a.out == b.out);
}

} // namespace

TEST_CASE("pidfd-run and timeout(1) end in the same way") {
    if (access(timeout_program, X_OK) != 0)
        SKIP_TEST("no timeout(1) here");
    check_same({}, "1h", {"sh", "-c", "echo out; exit 3"});
    check_same({}, "0", {"true"});
    check_same({}, "0.05", {"sleep", "1000"});
    check_same({}, "0.05s", {"sh", "-c", "sleep 1000 & wait"});
    check_same({"-s", "INT"}, "0.05", {"sleep", "1000"});
    check_same({"--sig=sigusr1", "--pres"}, "0.05", {"sleep", "1000"});
    check_same({"--preserve-status"}, "0.05", {"sleep", "1000"});
    check_same({"--foreground"}, "0.05", {"sleep", "1000"});
    check_same({"-k", "1h", "--preserve-status"}, "0.05", {"sleep", "1000"});
    check_same({}, "1h", {"sh", "-c", "kill -TERM $$"});
    check_same({}, "1h", {"sh", "-c", "kill -KILL $$"});
    check_same({}, "1h", {"/no/such/command"});
    check_same({}, "1h", {"/etc/passwd"});
    check_same({"--no-such-option"}, "1h", {"true"});
    check_same({}, "1ms-not-a-time", {"true"});
    check_same({"-s", "NONSENSE"}, "1h", {"true"});
    check_same({}, "0.05", {"sh", "-c", "kill -STOP $$; exit 0"});
}

TEST_CASE("pidfd-run and timeout(1) run a script that names no interpreter") {
    char directory[] = "/tmp/pidfd-run-script-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    const std::string script = std::string(directory) + "/script";
    unique_fd file(open(script.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
    REQUIRE(write(file.get(), "echo script; exit 4\n", 20) == 20);
    file.reset(); // a file that is open for writing cannot be executed
    const auto r = run({script});
    CHECK(r.code == 4);
    CHECK(r.out == "script\n");
    if (access(timeout_program, X_OK) == 0)
        check_same({}, "1h", {script});
    CHECK(unlink(script.c_str()) == 0);
    CHECK(rmdir(directory) == 0);
}

TEST_CASE("pidfd-run ends with stop signals with which timeout(1) does not") {
    // timeout(1) waits for ever here.
    CHECK(run({"-s", "CHLD", "-t", "50ms", "sleep", "1"}).code == 124);
    CHECK(run({"-s", "CLD", "-t", "50ms", "sleep", "1"}).code == 124);
    CHECK(run({"-s", "STOP", "-t", "50ms", "sleep", "1"}).code == 124);
}

TEST_CASE("pidfd-run changes the default stop policy with --signal and --kill-after") {
    const std::vector<std::string> deaf = {"sh", "-c",
                                           "trap '' TERM INT; sleep 1000 & wait; exec sleep 1000"};
    const auto with = [&](std::vector<std::string> options) {
        options.insert(options.end(), {"--report", "-t", "200ms"});
        options.insert(options.end(), deaf.begin(), deaf.end());
        return run(options);
    };
    CHECK(with({"-s", "INT", "-k", "10ms"}).says("yes, sent SIGINT SIGCONT SIGKILL\n"));
    CHECK(with({"-k", "10ms"}).says("yes, sent SIGTERM SIGCONT SIGKILL\n"));
    CHECK(with({"-s", "KILL"}).says("yes, sent SIGKILL\n"));
    CHECK(run({"-k", "0", "-t", "50ms", "--report", "sh", "-c", "trap '' TERM; sleep 1"})
              .says("yes, sent SIGTERM SIGCONT\n"));
}

TEST_CASE("pidfd-run takes every name of a signal that timeout(1) and kill(1) take") {
    for (const char* name : {"RTMIN+3", "SIGRTMAX-1", "RTMIN", "RTMAX", "STKFLT", "POLL", "IO",
                             "IOT", "SYS", "rtmin", "term", "sigterm", "15", "64"}) {
        CAPTURE(name);
        CHECK(run({"-s", name, "-t", "20ms", "sleep", "1000"}).code == 124);
    }
}

TEST_CASE("a command has its time to end, even if pidfd-run was stopped for longer than that") {
    tool t({"-t", "300ms", "-k", "20s", "bash", "-c",
            "trap 'sleep 0.3; echo clean; exit 5' TERM; echo ready; while :; do sleep 0.05; done"});
    REQUIRE(t.wait_for_line() == "ready");
    REQUIRE(t.process().send_signal(SIGSTOP));
    usleep(800'000); // the limit passes
    REQUIRE(t.process().send_signal(SIGCONT));
    const auto r = t.finish();
    CHECK(r.code == 124);
    CHECK(r.out == "ready\nclean\n");
}
