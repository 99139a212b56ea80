// SPDX-License-Identifier: MIT
// The example that the README begins with.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace support;

namespace {

finished quickstart([[maybe_unused]] const std::vector<std::string>& arguments) {
#ifdef QUICKSTART
    return run({}, QUICKSTART, arguments);
#else
    return {{}, {}, -1, "the examples are not built"};
#endif
}

} // namespace

TEST_CASE("quickstart tells of a process") {
    const test_child c = test_child::running();
    const auto got = quickstart({std::to_string(c.pid())});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 0);
    CHECK(got.err.empty());
    std::string expected =
        "pid " + std::to_string(c.pid()) + "\nparent " + std::to_string(getpid()) + "\n";
    if (const auto cgroup = c.fd().get_cgroupid())
        expected += "cgroup " + std::to_string(*cgroup) + "\n";
    CHECK(got.out == expected);
    CHECK(*c.fd().is_alive());
}

TEST_CASE("quickstart ends the process if asked") {
    // Not Catch's handler, which the child would inherit.
    const auto before = std::signal(SIGTERM, SIG_DFL);
    test_child c = test_child::running();
    std::signal(SIGTERM, before);
    const auto got = quickstart({std::to_string(c.pid()), "end"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 0);
    int status = 0;
    CHECK(waitpid(c.pid(), &status, 0) == c.pid());
    c.disown();
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("quickstart says why it cannot tell of a process") {
    const test_child c = test_child::reaped();
    const auto got = quickstart({std::to_string(c.pid())});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.out.empty());
    CHECK(got.err == "no such process: it has ended\n");
    CHECK(quickstart({}).status == 1);
    CHECK(quickstart({"no number"}).status == 1);
}
