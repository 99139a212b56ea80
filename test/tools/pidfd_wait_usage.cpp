// SPDX-License-Identifier: MIT
// The example tool pidfd-wait: its options, its help, and its output.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace support;

namespace {

finished wait_for(const std::vector<std::string>& arguments, const surroundings& s = {},
                  preparation prepare = nullptr) {
    return support::run(s, PIDFD_WAIT, arguments, prepare);
}

} // namespace

TEST_CASE("pidfd-wait names what is wrong with its arguments") {
    const std::string pid = std::to_string(getpid());
    const std::pair<std::vector<std::string>, std::string> lines[] = {
        {{}, "which process? Try pidfd-wait --help"},
        {{"--"}, "which process? Try pidfd-wait --help"},
        {{"--nonsense", pid}, "there is no option --nonsense"},
        {{"--verbose", "-xv", pid}, "there is no option -x"},
        {{"-s", pid}, "there is no option -s"},
        {{"--any=2", pid}, "there is no option --any=2"},
        {{"--verbose=1", pid}, "there is no option --verbose=1"},
        {{pid, "-t"}, "-t needs a value"},
        {{pid, "--count"}, "--count needs a value"},
        {{"-t", "x", pid}, "x is not a time"},
        {{"-t-1", pid}, "-1 is not a time"},
        {{"-c0", pid}, "0 is not a number of processes"},
        {{"-c", "-1", pid}, "-1 is not a number of processes"},
        {{"-c1x", pid}, "1x is not a number of processes"},
        {{"-ec1", pid}, "--exited excludes --count and --any"},
        {{"-e", "--any", pid}, "--exited excludes --count and --any"},
        {{"-c2", pid}, "the number of different processes is only 1"},
    };
    for (const auto& [arguments, words] : lines) {
        CAPTURE(arguments);
        const auto got = wait_for(arguments);
        CHECK(got.status == 2);
        CHECK(got.out.empty());
        CHECK(got.err == "pidfd-wait: " + words + "\n");
    }
}

TEST_CASE("pidfd-wait takes abbreviated options, on either side of the processes") {
    const test_child c = test_child::running();
    const std::string pid = std::to_string(c.pid());
    CHECK(wait_for({"--time=0", pid}).status == 3);
    CHECK(wait_for({pid, "--verb", "-t0"}).status == 3);
}

TEST_CASE("pidfd-wait reports a sandbox that refuses pidfds") {
    surroundings s;
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        s.kernel = kernel;
        const auto got = wait_for({std::to_string(getpid())}, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == 1);
        CHECK(got.err.find(": cannot open the process: ") != std::string::npos);
    }
}

TEST_CASE("pidfd-wait reports that its output could not be written") {
    const preparation full = [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); };
    const test_child c = test_child::zombie();
    const std::vector<std::string> uses[] = {
        {"--help"}, {"--version"}, {"-v", std::to_string(c.pid())}};
    for (const auto& arguments : uses) {
        CAPTURE(arguments);
        const auto got = wait_for(arguments, {}, full);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == 1);
        CHECK(got.err.find("cannot write the output") != std::string::npos);
    }
}

TEST_CASE("pidfd-wait --help documents every option and exit status") {
    for (const char* option : {"--help", "-h"}) {
        const auto got = wait_for({option});
        CHECK(got.status == 0);
        CHECK(got.err.empty());
        for (const char* text :
             {"-t, --timeout", "-c, --count", "--any", "--all", "-e, --exited", "--status",
              "-v, --verbose", "-h, --help", "-V, --version", "\n  1  ", "\n  2  ", "\n  3  "}) {
            CAPTURE(text);
            CHECK(got.out.find(text) != std::string::npos);
        }
        std::istringstream lines(got.out);
        for (std::string line; std::getline(lines, line);)
            CHECK(line.size() <= 80);
    }
}

TEST_CASE("pidfd-wait --version prints its name and version") {
    for (const char* option : {"--version", "-V"}) {
        const auto got = wait_for({option});
        CHECK(got.status == 0);
        CHECK(got.out.rfind("pidfd-wait 0.", 0) == 0);
        CHECK(got.out.find('\n') == got.out.size() - 1);
    }
}
