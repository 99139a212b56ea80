// SPDX-License-Identifier: MIT
// The example tool pidfd-inspect with several processes, and its JSON in the hands of other programs.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

using namespace support;

namespace {

std::string text_of(pid_t pid) {
    return std::to_string(pid);
}

/// What jq(1) prints for a filter of the tool's output.
finished with_jq(const std::string& filter, const std::vector<std::string>& arguments) {
    std::string line = std::string("'") + inspect::program() + "'";
    for (const std::string& argument : arguments)
        line += " " + argument;
    return run({}, "/bin/sh", {"-c", line + " 2>/dev/null | jq -c '" + filter + "'"});
}

bool has_jq() {
    return std::system("jq --version >/dev/null 2>&1") == 0;
}

} // namespace

TEST_CASE("pidfd-inspect shows several processes in tables with an empty line between them") {
    const test_child a = test_child::running();
    const test_child b = test_child::zombie();
    const auto both = inspect::run({text_of(a.pid()), text_of(b.pid())});
    if (!both.missing.empty())
        SKIP_TEST(both.missing);
    CHECK(both.status == inspect::shown);
    const std::size_t gap = both.out.find("\n\n");
    REQUIRE(gap != std::string::npos);
    finished first = both;
    first.out = both.out.substr(0, gap + 1);
    CHECK(inspect::rows(first).at("pid").value == text_of(a.pid()));
    finished second = both;
    second.out = both.out.substr(gap + 2);
    CHECK(inspect::rows(second).at("pid").value == text_of(b.pid()));
    CHECK(both.out.find("\n\n", gap + 2) == std::string::npos);
}

TEST_CASE("pidfd-inspect --json shows an error in the place of a process") {
    const test_child a = test_child::running();
    const test_child gone = test_child::reaped();
    const test_child b = test_child::running();
    const auto got =
        inspect::run({"--json", text_of(a.pid()), text_of(gone.pid()), text_of(b.pid())});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::gone);
    CHECK(got.err == "pidfd-inspect: " + text_of(gone.pid()) + ": no such process\n");
    const auto objects = inspect::parsed_lines(got);
    REQUIRE(objects.size() == 3);
    CHECK(objects[0]["/pid/value"].text == text_of(a.pid()));
    CHECK(objects[1]["/process"].text == text_of(gone.pid()));
    CHECK(objects[1]["/error/code"].type == "number");
    CHECK(objects[1]["/error/code"].text == text_of(ESRCH));
    CHECK(objects[1]["/error/name"].text == "not_found");
    CHECK_FALSE(objects[1].has("/pid"));
    CHECK(objects[2]["/pid/value"].text == text_of(b.pid()));
}

TEST_CASE("pidfd-inspect exits with the highest status of several processes") {
    const test_child c = test_child::reaped();
    surroundings other;
    other.uid = 65534;
    const auto got = inspect::run({text_of(c.pid()), text_of(getpid()), text_of(c.pid())}, other);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::refused); // by the second
    CHECK(got.out.find("\n\n") == std::string::npos);
}

TEST_CASE("pidfd-inspect shows nothing if one of the arguments does not name a process") {
    const auto got = inspect::run({text_of(getpid()), "1x"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::bad_usage);
    CHECK(got.out.empty());
    CHECK(got.err == "pidfd-inspect: 1x: neither a pid nor an id\n");
}

TEST_CASE("pidfd-inspect shows more processes than it may have open files") {
    const test_child c = test_child::running();
    surroundings few;
    few.file_limit = 24;
    const std::vector<std::string> many(100, text_of(c.pid()));
    std::vector<std::string> arguments = {"--field", "pid"};
    arguments.insert(arguments.end(), many.begin(), many.end());
    const auto got = inspect::run(arguments, few);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.out.size() == many.size() * (many[0].size() + 1));
}

TEST_CASE("jq reads values and errors of pidfd-inspect --json") {
    const auto there = inspect::run({"--version"});
    if (!there.missing.empty())
        SKIP_TEST(there.missing);
    if (!has_jq())
        SKIP_TEST("there is no jq(1)");
    const test_child c = test_child::ready([] { return prctl(PR_SET_NAME, "\xff\"") == 0; });
    REQUIRE(c.prepared());
    const test_child gone = test_child::reaped();
    const std::string pid = text_of(c.pid());
    const auto values = with_jq(".pid.value, .comm.value, .comm.hex, (.id | has(\"error\") or "
                                "(.value | type) == \"string\")",
                                {"--json", pid});
    CHECK(values.out == pid + "\n\"\xef\xbf\xbd\\\"\"\n\"ff22\"\ntrue\n");
    const auto names =
        with_jq("[.process, .error.name, .pid.value]", {"--json", pid, text_of(gone.pid())});
    CHECK(names.out == "[\"" + pid + "\",null," + pid + "]\n[\"" + text_of(gone.pid()) +
                           "\",\"not_found\",null]\n");
}
