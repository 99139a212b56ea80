// SPDX-License-Identifier: MIT
// The example tool pidfd-wait: the exit status of what it has waited for.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "tools/opened_pidfds.hpp"
#include "tools/running_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

using namespace pidfd_util;
using namespace support;
using run_tool::running_tool;

namespace {

constexpr char no_statuses[] = "the kernel does not keep the exit status (before Linux 6.15)";

bool keeps_statuses() {
    const auto status = test_child::reaped().fd().get_exit_status();
    return status && *status;
}

std::string name_of(const test_child& c) {
    return std::to_string(c.pid());
}

/// Ends and reaps the processes once the tool has opened them.
run_tool::result wait_for(const std::vector<std::string>& options, std::vector<test_child>& all) {
    std::vector<std::string> arguments = options;
    for (const test_child& c : all)
        arguments.push_back(name_of(c));
    running_tool tool(PIDFD_WAIT, arguments);
    REQUIRE(run_tool::has_opened(*tool.process().get_pid(), static_cast<int>(all.size())));
    for (test_child& c : all) {
        c.go();
        c.wait_for_end();
        c.reap();
    }
    return tool.finish();
}

std::vector<test_child> with_codes(const std::vector<int>& codes) {
    std::vector<test_child> all;
    for (const int code : codes)
        all.push_back(test_child::that([code] { return code; }));
    return all;
}

surroundings on_old_kernel() {
    surroundings s;
    s.kernel = linux_6_12();
    return s;
}

} // namespace

TEST_CASE("pidfd-wait exits with the exit status of the process") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    for (const int code : {0, 1, 3, 124, 255}) {
        for (const char* option : {"--all", "--any", "--status", "--timeout=1h"}) {
            CAPTURE(code, option);
            auto one = with_codes({code});
            const auto got = wait_for({option}, one);
            CHECK(got.code == code);
            CHECK(got.out.empty());
            CHECK(got.err.empty());
        }
    }
}

TEST_CASE("pidfd-wait exits with 128 plus the signal that killed the process") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    std::vector<test_child> one;
    one.push_back(test_child::that([] {
        raise(SIGKILL);
        return 0;
    }));
    const auto got = wait_for({"-v"}, one);
    CHECK(got.code == 128 + SIGKILL);
    CHECK(got.out == name_of(one[0]) + ": was killed by SIGKILL\n");
}

TEST_CASE("pidfd-wait exits with the first status of several that is not 0") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    for (const char* how : {"--all", "--verbose", "--status"}) {
        CAPTURE(how);
        auto good = with_codes({0, 0, 0});
        CHECK(wait_for({how}, good).code == 0);
        auto mixed = with_codes({0, 5, 4});
        const auto got = wait_for({how}, mixed);
        CHECK(got.code == 5);
        if (how == std::string("--verbose"))
            CHECK(got.out == name_of(mixed[0]) + ": exited with status 0\n" + name_of(mixed[1]) +
                                 ": exited with status 5\n" + name_of(mixed[2]) +
                                 ": exited with status 4\n");
    }
    // A process that was not needed has no part in it.
    auto any = with_codes({0, 7});
    std::vector<std::string> arguments = {"--any", name_of(any[1]), name_of(any[0])};
    running_tool tool(PIDFD_WAIT, arguments);
    REQUIRE(run_tool::has_opened(*tool.process().get_pid(), 2));
    any[0].go();
    any[0].wait_for_end();
    any[0].reap();
    CHECK(tool.finish().code == 0);
}

TEST_CASE("pidfd-wait learns the status of a zombie once that is reaped") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    test_child zombie = test_child::zombie(9);
    running_tool tool(PIDFD_WAIT, {"--status", name_of(zombie)});
    REQUIRE(run_tool::has_opened(*tool.process().get_pid(), 1));
    CHECK_FALSE(tool.process().wait_exit_for(std::chrono::milliseconds(50)));
    zombie.reap();
    CHECK(tool.finish().code == 9);
}

TEST_CASE("pidfd-wait reports that a parent has not reaped its child") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    const test_child zombie = test_child::zombie(9);
    const std::string message =
        "pidfd-wait: " + name_of(zombie) +
        ": its exit status is not known: its parent has not reaped it yet\n";
    const auto tolerant = support::run({}, PIDFD_WAIT, {"-v", name_of(zombie)});
    CHECK(tolerant.status == 0);
    CHECK(tolerant.err == message);
    CHECK(tolerant.out == name_of(zombie) + ": has ended\n");
    const auto strict = support::run({}, PIDFD_WAIT, {"--status", "-t.01", name_of(zombie)});
    CHECK(strict.status == 3);
    CHECK(strict.err == message);
}

TEST_CASE("pidfd-wait waits for the parents of many zombies together, not for one after another") {
    if (!keeps_statuses())
        SKIP_TEST(no_statuses);
    std::vector<test_child> all;
    std::vector<std::string> arguments = {"--verbose"};
    for (int i = 0; i < 100; ++i) {
        all.push_back(test_child::zombie());
        arguments.push_back(name_of(all.back()));
    }
    const auto start = std::chrono::steady_clock::now();
    CHECK(support::run({}, PIDFD_WAIT, arguments).status == 0);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(50));
}

TEST_CASE("pidfd-wait reports that a kernel does not keep exit statuses") {
    const test_child zombie = test_child::zombie(9);
    const std::string message =
        "pidfd-wait: " + name_of(zombie) +
        ": its exit status is not known: this kernel does not keep it (Linux 6.15 does)\n";
    const auto tolerant = support::run(on_old_kernel(), PIDFD_WAIT, {name_of(zombie)});
    if (!tolerant.missing.empty())
        SKIP_TEST(tolerant.missing);
    CHECK(tolerant.status == 0);
    CHECK(tolerant.err == message);
    const auto strict = support::run(on_old_kernel(), PIDFD_WAIT, {"--status", name_of(zombie)});
    CHECK(strict.status == 1);
    CHECK(strict.err == message);
}

TEST_CASE("pidfd-wait --status does not begin to wait where the kernel keeps no exit statuses") {
    const test_child c = test_child::running();
    const auto got = support::run(on_old_kernel(), PIDFD_WAIT, {"--status", name_of(c)});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.err.find("this kernel does not keep it") != std::string::npos);
}
