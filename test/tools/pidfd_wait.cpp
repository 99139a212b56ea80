// SPDX-License-Identifier: MIT
// The example tool pidfd-wait: which processes it waits for, and for how long.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/sleeping_thread.hpp"
#include "tools/opened_pidfds.hpp"
#include "tools/running_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using run_tool::has_opened;
using run_tool::running_tool;

namespace {

std::string name_of(const test_child& c) {
    return std::to_string(c.pid());
}

finished wait_for(const std::vector<std::string>& arguments) {
    return support::run({}, PIDFD_WAIT, arguments);
}

bool still_waits(const running_tool& tool) {
    return tool.process().is_alive() == true;
}

/// The tool, once it has opened `count` processes.
std::unique_ptr<running_tool> start(const std::vector<std::string>& arguments, int count,
                                    const spawn_options& options = {}) {
    auto tool = std::make_unique<running_tool>(PIDFD_WAIT, arguments, options);
    REQUIRE(has_opened(*tool->process().get_pid(), count));
    return tool;
}

} // namespace

TEST_CASE("pidfd-wait waits until a process has ended that is not its child") {
    test_child c = test_child::running();
    const auto tool = start({"-v", name_of(c)}, 1);
    CHECK_FALSE(tool->process().wait_exit_for(std::chrono::milliseconds(50)));
    c.reap();
    CHECK(tool->finish().out.rfind(name_of(c) + ": ", 0) == 0);
}

TEST_CASE("pidfd-wait waits for all processes, unless fewer are asked for") {
    test_child first = test_child::running();
    test_child second = test_child::running();
    test_child third = test_child::running();
    const auto with = [&](std::vector<std::string> options) {
        for (const test_child* c : {&first, &second, &third})
            options.push_back(name_of(*c));
        return start(options, 3);
    };
    const auto all = with({});
    const auto all_after_any = with({"--any", "--all", "--verbose"});
    const auto any = with({"--any"});
    const auto two = with({"-c2"});
    second.reap();
    any->finish();
    CHECK(still_waits(*two));
    third.reap();
    two->finish();
    for (const auto& tool : {&all, &all_after_any})
        CHECK_FALSE((*tool)->process().wait_exit_for(std::chrono::milliseconds(20)));
    first.reap();
    all->finish();
    CHECK(all_after_any->finish().out.rfind(name_of(second) + ": ", 0) == 0);
}

TEST_CASE("pidfd-wait counts a process once, by whatever names it is given") {
    test_child c = test_child::running();
    test_child other = test_child::running();
    std::vector<std::string> names = {name_of(c), name_of(c), "000" + name_of(c)};
    const auto id = c.fd().get_process_id();
    if (id && pidfd::from_id(*id)) {
        names.emplace_back(std::string(to_text(*id)));
        names.emplace_back(std::string(to_util_linux_text({c.pid(), *id})));
    }
    std::vector<std::string> too_many = names;
    too_many.insert(too_many.begin(), {"--count", "2"});
    const auto refused = wait_for(too_many);
    CHECK(refused.status == 2);
    CHECK(refused.err == "pidfd-wait: the number of different processes is only 1\n");
    too_many.push_back(name_of(other));
    const auto tool = start(too_many, 2);
    c.reap();
    CHECK_FALSE(tool->process().wait_exit_for(std::chrono::milliseconds(50)));
    other.reap();
    tool->finish();
}

TEST_CASE("pidfd-wait gives up at its time limit, with a separate exit status") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    for (const char* limit : {"0", "1ms", "0.02", ".02s"})
        for (const char* how : {"--all", "--any", "--verbose", "--status"}) {
            CAPTURE(limit, how);
            const auto got = wait_for({how, "-t", limit, name_of(c), name_of(other)});
            if (std::string(how) == "--status" && got.status == 1)
                continue; // an older kernel
            CHECK(got.status == 3);
            CHECK(got.out.empty());
            CHECK(got.err.empty());
        }
    const test_child ended = test_child::zombie();
    CHECK(wait_for({"--timeout=0", name_of(ended)}).status == 0);
    CHECK(wait_for({"--timeout=0", "--any", name_of(c), name_of(ended)}).status == 0);
    CHECK(wait_for({"--timeout=0", "--count=2", name_of(c), name_of(ended)}).status == 3);
}

TEST_CASE("pidfd-wait goes on after signals have interrupted it") {
    for (const char* how : {"--all", "--verbose"}) {
        test_child c = test_child::running();
        const auto tool = start({how, name_of(c)}, 1);
        for (int i = 0; i < 5; ++i) {
            REQUIRE(tool->process().send_signal(SIGSTOP));
            REQUIRE(tool->process().send_signal(SIGCONT));
        }
        CHECK_FALSE(tool->process().wait_exit_for(std::chrono::milliseconds(50)));
        c.reap();
        tool->finish();
    }
}

TEST_CASE("pidfd-wait reports each process that it cannot open, and waits for none") {
    const test_child c = test_child::running();
    const std::string gone = name_of(test_child::reaped());
    const sleeping_thread thread;
    const std::string tid = std::to_string(thread.tid());
    const auto got = wait_for({gone, name_of(c), tid});
    CHECK(got.status == 1);
    CHECK(got.out.empty());
    CHECK(got.err == "pidfd-wait: " + gone + ": no such process\npidfd-wait: " + tid +
                         ": this is a thread of another process\n");
    const auto boot = get_boot_id();
    if (!boot)
        SKIP_TEST("/proc shows no boot id");
    process_id foreign{1, *boot};
    foreign.boot.bytes[0] ^= 1;
    const std::string name(to_text(foreign));
    CHECK(wait_for({name}).err ==
          "pidfd-wait: " + name + ": the id is from another boot or machine\n");
    CHECK(wait_for({"-e", name}).status == 1);
}

TEST_CASE("pidfd-wait refuses what is neither a pid nor an id") {
    const test_child c = test_child::running();
    for (const char* garbage : {"0", "-1", "abc", "", " 1", "+1", "0x1", "1.0", "2147483648",
                                "1:", ":1", "1:0", "1@", "1:2:3", "\x1b[31m"}) {
        CAPTURE(garbage);
        const auto got = wait_for({"--", garbage, name_of(c)});
        CHECK(got.status == 2);
        CHECK(got.err.find(": neither a pid nor an id\n") != std::string::npos);
        CHECK(got.err.find('\x1b') == std::string::npos);
    }
    const auto each = wait_for({"--", "0", name_of(test_child::reaped()), "-1"});
    CHECK(each.status == 2);
    CHECK(each.err.find("pidfd-wait: 0: neither") != std::string::npos);
    CHECK(each.err.find(": no such process\n") != std::string::npos);
    CHECK(each.err.find("pidfd-wait: -1: neither") != std::string::npos);
}

TEST_CASE("pidfd-wait --exited accepts a process that has ended, and waits for the others") {
    const std::string gone = name_of(test_child::reaped());
    CHECK(wait_for({"-e", gone}).status == 0);
    CHECK(wait_for({"-ev", gone}).out == gone + ": had ended before\n");
    test_child c = test_child::running();
    const auto tool = start({"--exited", gone, name_of(c)}, 1);
    CHECK_FALSE(tool->process().wait_exit_for(std::chrono::milliseconds(50)));
    c.reap();
    tool->finish();
    const auto unknown = wait_for({"-e", "--status", gone});
    CHECK(unknown.status == 1);
    CHECK(unknown.err ==
          "pidfd-wait: " + gone + ": its exit status is not known: it had ended before\n");
}

TEST_CASE("pidfd-wait takes more processes than its soft limit on open files") {
    rlimit limit{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    constexpr int count = 150;
    if (limit.rlim_max < rlim_t{2 * count})
        SKIP_TEST("the limit on open files is too low");
    for (const char* how : {"--all", "--verbose"}) {
        std::vector<test_child> all;
        std::vector<std::string> arguments = {how};
        for (int i = 0; i < count; ++i) {
            all.push_back(test_child::running());
            arguments.push_back(name_of(all.back()));
        }
        const resource_limit low[] = {{RLIMIT_NOFILE, {32, limit.rlim_max}}};
        spawn_options options;
        options.limits = low;
        const auto tool = start(arguments, count, options);
        for (std::size_t i = all.size(); i-- > 1;)
            all[i].reap();
        CHECK_FALSE(tool->process().wait_exit_for(std::chrono::milliseconds(20)));
        all[0].reap();
        tool->finish();
    }
}

TEST_CASE("pidfd-wait stops at the first process for which no file descriptor is left") {
    std::vector<test_child> all;
    std::vector<std::string> arguments;
    for (int i = 0; i < 20; ++i) {
        all.push_back(test_child::running());
        arguments.push_back(name_of(all.back()));
    }
    surroundings s;
    s.file_limit = 16;
    const auto got = support::run(s, PIDFD_WAIT, arguments);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.err.find("Too many open files\n") == got.err.size() - 20);
    CHECK(got.err.find('\n') == got.err.size() - 1);
}
