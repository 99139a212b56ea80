// SPDX-License-Identifier: MIT
// The example tool pidfd-kill: --stop.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

std::string name_of(const test_child& c) {
    return std::to_string(c.pid());
}

finished stop(const std::vector<std::string>& arguments, const surroundings& s = {}) {
    return support::run(s, PIDFD_KILL, arguments);
}

/// Ignores SIGTERM.
test_child deaf() {
    test_child c = test_child::ready([] { return std::signal(SIGTERM, SIG_IGN) != SIG_ERR; });
    REQUIRE(c.prepared());
    return c;
}

std::optional<int> killer_of(test_child& c) {
    const auto status = c.fd().wait_for(std::chrono::seconds(20));
    if (!status)
        return std::nullopt;
    c.disown();
    return status->signal();
}

} // namespace

TEST_CASE("pidfd-kill --stop sends the signals in order until the process has ended") {
    test_child good = test_child::running();
    const auto first = stop({"-v", "--stop", "TERM,1h,KILL", name_of(good)});
    CHECK(first.status == 0);
    CHECK(first.out == name_of(good) + ": sent SIGTERM; it has ended\n");
    CHECK(killer_of(good) == SIGTERM);
    test_child bad = deaf();
    const auto all = stop({"-v", "--stop", "TERM,1ms,15,10ms,KILL", name_of(bad)});
    CHECK(all.status == 0);
    CHECK(all.out == name_of(bad) + ": sent SIGTERM SIGTERM SIGKILL; it has ended\n");
    CHECK(killer_of(bad) == SIGKILL);
}

TEST_CASE("pidfd-kill --stop stops several processes at once") {
    test_child good = test_child::running();
    test_child bad = deaf();
    const test_child spared = test_child::running();
    const auto got = stop({"--stop=TERM,20ms,KILL", name_of(bad), name_of(good)});
    CHECK(got.status == 0);
    CHECK(got.err.empty());
    CHECK(killer_of(good) == SIGTERM);
    CHECK(killer_of(bad) == SIGKILL);
    CHECK(spared.fd().is_alive() == true);
}

TEST_CASE("pidfd-kill --stop reports a process that outlives the time after the last signal") {
    test_child bad = deaf();
    test_child good = test_child::running();
    const auto got = stop({"--stop=TERM,1ms,TERM,20ms", name_of(bad), name_of(good)});
    CHECK(got.status == 64);
    CHECK(got.err == "pidfd-kill: " + name_of(bad) + ": it still runs, after SIGTERM SIGTERM\n");
    CHECK(bad.fd().is_alive() == true);
    CHECK(killer_of(good) == SIGTERM);
}

TEST_CASE("pidfd-kill --stop gives up where it may not signal, and goes on with the others") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child foreign = test_child::running();
    test_child own = test_child::ready([] { return setgid(65534) == 0 && setuid(65534) == 0; });
    REQUIRE(own.prepared());
    surroundings s;
    s.uid = 65534;
    const auto got = stop({"--stop=TERM,1h,KILL", name_of(foreign), name_of(own)}, s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 64);
    CHECK(got.err ==
          "pidfd-kill: " + name_of(foreign) + ": cannot signal it: Operation not permitted\n");
    CHECK(foreign.fd().is_alive() == true);
    CHECK(killer_of(own) == SIGTERM);
}

TEST_CASE("pidfd-kill --stop ends a process that is stopped by a signal") {
    test_child c = test_child::running();
    REQUIRE(c.fd().send_signal(SIGSTOP));
    CHECK(stop({"--stop=TERM,CONT,1h,KILL", name_of(c)}).status == 0);
    CHECK(killer_of(c) == SIGTERM);
}
