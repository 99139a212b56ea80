// SPDX-License-Identifier: MIT
// The example tool pidfd-kill: its options, its help, and its output.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <csignal>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace support;

namespace {

finished call(const std::vector<std::string>& arguments, preparation prepare = nullptr) {
    return support::run({}, PIDFD_KILL, arguments, prepare);
}

} // namespace

TEST_CASE("pidfd-kill names what is wrong with its arguments, and sends nothing") {
    const test_child c = test_child::running();
    const std::string pid = std::to_string(c.pid());
    const std::string not_time = " is not a time such as 2026-11-24T09:30:00Z or @1795512600";
    const std::string not_policy =
        " is not a stop policy: SIGNAL[,TIME],SIGNAL[,TIME]... such as TERM,5s,KILL";
    const std::pair<std::vector<std::string>, std::string> lines[] = {
        {{}, "which process? Try pidfd-kill --help"},
        {{"-TERM"}, "which process? Try pidfd-kill --help"},
        {{"--nonsense", pid}, "there is no option --nonsense"},
        {{"-vx", pid}, "there is no option -x"},
        {{"-99", pid}, "there is no option -9"},
        {{"-NONSENSE", pid}, "there is no option -N"},
        {{"--verbose=1", pid}, "there is no option --verbose=1"},
        {{pid, "-s"}, "-s needs a value"},
        {{pid, "--exe"}, "--exe needs a value"},
        {{"-s", "65", pid}, "65 is not a signal"},
        {{"-s", "-1", pid}, "-1 is not a signal"},
        {{"-q", "x", pid}, "x is not a number"},
        {{"-q", "2147483648", pid}, "2147483648 is not a number"},
        {{"--scope=all", pid}, "all is not a scope: process, thread or group"},
        {{"--stop=5s", pid}, "5s" + not_policy},
        {{"--stop=", pid}, "''" + not_policy},
        {{"--exe=/no/such", pid}, "cannot find the executable /no/such: No such file or directory"},
        {{"--user=no such user", pid}, "'no such user' is not a user"},
        {{"--user=4294967295", pid}, "4294967295 is not a user"},
        {{"--started=now", pid}, "now" + not_time},
        {{"--started=2026-02-31T00:00:00Z", pid}, "2026-02-31T00:00:00Z" + not_time},
        {{"--started=2026-1-1T00:00:00Z", pid}, "2026-1-1T00:00:00Z" + not_time},
        {{"--started-before=@", pid}, "@" + not_time},
        {{"--started-before=@99999999999", pid}, "@99999999999" + not_time},
        {{"--cgroup=a", pid}, "a is not the path of a cgroup, from the root of the hierarchy"},
        {{"--stop=TERM", "-9", pid}, "--stop excludes --signal, --queue and --scope"},
        {{"--stop=TERM", "-q1", pid}, "--stop excludes --signal, --queue and --scope"},
        {{"--stop=TERM", "--scope=group", pid}, "--stop excludes --signal, --queue and --scope"},
        {{"-q1", "--scope=group", pid}, "--queue excludes --scope"},
        {{"--list", "TERM", "nonsense"}, "nonsense is not a signal"},
    };
    for (const auto& [arguments, words] : lines) {
        CAPTURE(arguments);
        const auto got = call(arguments);
        CHECK(got.status == 2);
        CHECK(got.out.empty());
        CHECK(got.err == "pidfd-kill: " + words + "\n");
    }
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("pidfd-kill --list prints the names of the signals, and converts them") {
    const auto all = call({"-l"});
    CHECK(all.status == 0);
    CHECK(all.out.find(" KILL ") != std::string::npos);
    CHECK(all.out.find('\n') == all.out.size() - 1);
    const auto some = call({"--list", "9", "KILL", "sigkill", "0", "32", "RTMIN+1"});
    CHECK(some.status == 0);
    CHECK(some.out == "KILL\n9\n9\n0\n32\n" + std::to_string(SIGRTMIN + 1) + "\n");
}

TEST_CASE("pidfd-kill reports that its output could not be written") {
    const preparation full = [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); };
    const test_child c = test_child::running();
    const std::vector<std::string> uses[] = {
        {"--help"}, {"--version"}, {"--list"}, {"-0", "-v", std::to_string(c.pid())}};
    for (const auto& arguments : uses) {
        CAPTURE(arguments);
        const auto got = call(arguments, full);
        CHECK(got.status == 1);
        CHECK(got.err.find("cannot write the output") != std::string::npos);
    }
}

TEST_CASE("pidfd-kill --help documents every option and exit status") {
    for (const char* option : {"--help", "-h"}) {
        const auto got = call({option});
        CHECK(got.status == 0);
        CHECK(got.err.empty());
        for (const char* text :
             {"-s, --signal", "-q, --queue", "--scope", "--stop", "--pid-file", "--exe", "--user",
              "--started", "--started-before", "--cgroup", "-l, --list", "-v, --verbose",
              "-h, --help", "-V, --version", "\n  0  ", "\n  1  ", "\n  2  ", "\n  64  "}) {
            CAPTURE(text);
            CHECK(got.out.find(text) != std::string::npos);
        }
        std::istringstream lines(got.out);
        for (std::string line; std::getline(lines, line);)
            CHECK(line.size() <= 80);
    }
}

TEST_CASE("pidfd-kill --version prints its name and version") {
    for (const char* option : {"--version", "-V"}) {
        const auto got = call({option});
        CHECK(got.status == 0);
        CHECK(got.out.rfind("pidfd-kill 0.", 0) == 0);
        CHECK(got.out.find('\n') == got.out.size() - 1);
    }
}
