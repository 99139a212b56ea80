// SPDX-License-Identifier: MIT
// The example tool pidfd-inspect with --watch. No test here depends on how fast it is.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"
#include "tools/running_tool.hpp"

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace support;
using run_tool::running_tool;

namespace {

/// The tool, which is killed if the test fails before it ends by itself.
class watching : public running_tool {
public:
    explicit watching(const std::vector<std::string>& arguments)
        : running_tool(inspect::program(), arguments) {}
};

std::string text_of(pid_t pid) {
    return std::to_string(pid);
}

} // namespace

TEST_CASE("pidfd-inspect --watch shows the process at every interval, and its new state") {
    if (inspect::program() == nullptr)
        SKIP_TEST("the examples are not built");
    const test_child c = test_child::running();
    watching tool({"--watch=10ms", "--field", "pid,state", text_of(c.pid())});
    const std::string sleeping = text_of(c.pid()) + "\tsleeping";
    CHECK(tool.wait_for_line() == sleeping);
    CHECK(tool.wait_for_line() == sleeping);
    REQUIRE(kill(c.pid(), SIGSTOP) == 0);
    std::string line = sleeping;
    while (line == sleeping)
        line = tool.wait_for_line();
    CHECK(line == text_of(c.pid()) + "\tstopped");
    REQUIRE(c.fd().kill());
    const auto got = tool.finish();
    CHECK(got.code == inspect::shown);
    CHECK(got.err.empty());
}

TEST_CASE("pidfd-inspect --watch shows the end of a process at once, and then ends") {
    if (inspect::program() == nullptr)
        SKIP_TEST("the examples are not built");
    const test_child c = test_child::running();
    watching tool({"--watch=1000d", "--field", "pid,alive", text_of(c.pid())});
    tool.wait_for_line();
    REQUIRE(c.fd().kill());
    const auto got = tool.finish();
    CHECK(got.code == inspect::shown);
    CHECK(got.out == text_of(c.pid()) + "\tyes\n" + text_of(c.pid()) + "\tno\n");
}

TEST_CASE("pidfd-inspect --watch ends with the last of several processes") {
    if (inspect::program() == nullptr)
        SKIP_TEST("the examples are not built");
    const test_child first = test_child::running();
    const test_child last = test_child::running();
    watching tool(
        {"--watch=1000d", "--field", "pid,alive", text_of(first.pid()), text_of(last.pid())});
    tool.wait_for_line();
    tool.wait_for_line();
    REQUIRE(first.fd().kill());
    CHECK(tool.wait_for_line() == text_of(first.pid()) + "\tno");
    CHECK(tool.wait_for_line() == text_of(last.pid()) + "\tyes");
    REQUIRE(last.fd().kill());
    const auto got = tool.finish();
    CHECK(got.code == inspect::shown);
    // The process that had ended before is not shown again.
    const std::string end = text_of(last.pid()) + "\tyes\n" + text_of(last.pid()) + "\tno\n";
    CHECK(got.out.substr(got.out.size() - end.size()) == end);
}

TEST_CASE("pidfd-inspect --watch --json writes one object a time, the last one about the end") {
    if (inspect::program() == nullptr)
        SKIP_TEST("the examples are not built");
    test_child c = test_child::running();
    watching tool({"--watch=1000d", "--json", text_of(c.pid())});
    tool.wait_for_line();
    c.reap();
    const auto got = tool.finish();
    CHECK(got.code == inspect::shown); // the end is what --watch waits for
    finished lines;
    lines.out = got.out;
    const auto objects = inspect::parsed_lines(lines);
    REQUIRE(objects.size() == 2);
    CHECK(objects[0]["/alive/value"].text == "true");
    CHECK(objects[1]["/process"].text == text_of(c.pid()));
    // The tool may see it before it is reaped, or after.
    if (objects[1].has("/error"))
        CHECK(objects[1]["/error/name"].text == "not_found");
    else
        CHECK(objects[1]["/alive/value"].text == "false");
}

TEST_CASE("pidfd-inspect --watch says once what it cannot show, and watches the others") {
    const test_child reaped = test_child::reaped();
    const test_child c = test_child::zombie();
    const auto got =
        inspect::run({"--watch=1000d", "--field", "pid", text_of(reaped.pid()), text_of(c.pid())});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::gone);
    CHECK(got.out == text_of(c.pid()) + "\n");
    CHECK(got.err == "pidfd-inspect: " + text_of(reaped.pid()) + ": no such process\n");
}
