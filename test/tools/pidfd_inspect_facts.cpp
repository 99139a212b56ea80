// SPDX-License-Identifier: MIT
// What the example tool pidfd-inspect shows about the state, the threads and the cgroup of a process.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"
#include "support/talking.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// The end of a path: the caller's cgroup namespace decides how it begins.
bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() &&
           text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// As the tool decides it: a process can be hidden, or have no cgroup2.
bool has_cgroup_path(pidfd_view p) {
    char buffer[4096];
    return bool(p.get_cgroup_path(buffer));
}

} // namespace

TEST_CASE("pidfd-inspect shows the state of a process") {
    test_child c = test_child::running();
    REQUIRE(kill(c.pid(), SIGSTOP) == 0);
    siginfo_t info{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(c.pid()), &info, WSTOPPED | WNOWAIT) == 0);
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const auto table = inspect::table(c.pid(), inspect::on(kernel));
        if (!table.missing.empty())
            SKIP_TEST(table.missing);
        const auto row = inspect::rows(table);
        CHECK(row.at("state").value == "stopped");
        CHECK(row.at("state").path == "procfs");
    }
    REQUIRE(c.fd().kill());
    c.wait_for_end();
    CHECK(inspect::rows(inspect::table(c.pid())).at("state").value == "zombie");
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(j["/state/value"].type == "string");
    CHECK(j["/state/value"].text == "zombie");
    CHECK(j["/state/path"].text == "procfs");
}

TEST_CASE("pidfd-inspect shows the number of threads") {
    talking_child c({"thread", "tid", "thread", "tid", "sleep"});
    REQUIRE(c.number("tid") > 0);
    REQUIRE(c.number("tid") > 0);
    const auto table = inspect::table(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(inspect::rows(table).at("threads").value == "3");
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(j["/threads/value"].type == "number");
    CHECK(j["/threads/value"].text == "3");
}

TEST_CASE("pidfd-inspect shows the path of the cgroup, and whether it was removed") {
    auto group = test_cgroup::make("inspected");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child c = test_child::that([] { return 0; });
    REQUIRE(group->add(c.pid()));
    const auto table = inspect::table(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    if (!has_cgroup_path(c.fd()))
        SKIP_TEST("the path of a cgroup cannot be read here");
    const std::string right = "/" + group->name();
    CHECK(ends_with(inspect::rows(table).at("cgroup").value, right));
    CHECK(inspect::rows(table).at("cgroup").path == "procfs");
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(ends_with(j["/cgroup/value/path"].text, right));
    CHECK(j["/cgroup/value/removed"].type == "boolean");
    CHECK(j["/cgroup/value/removed"].text == "false");
    CHECK_FALSE(j.has("/cgroup/value/hex"));
    c.go();
    c.wait_for_end();
    group->remove();
    const auto row = inspect::rows(inspect::table(c.pid()));
    CHECK(ends_with(row.at("cgroup").value, right + ", which was removed"));
    const json removed = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(ends_with(removed["/cgroup/value/path"].text, right));
    CHECK(removed["/cgroup/value/removed"].text == "true");
}

TEST_CASE("pidfd-inspect shows a cgroup's name of any bytes without harm to the terminal") {
    const auto group = test_cgroup::make("\x1b[31m '\xff");
    if (!group)
        SKIP_TEST(no_cgroup);
    const test_child c = test_child::running();
    REQUIRE(group->add(c.pid()));
    const auto table = inspect::table(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    if (!has_cgroup_path(c.fd()))
        SKIP_TEST("the path of a cgroup cannot be read here");
    const std::string shown = inspect::rows(table).at("cgroup").value;
    CHECK(shown.rfind("$'/", 0) == 0);
    CHECK(ends_with(shown, R"(\x1b[31m \'\xff')"));
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(ends_with(j["/cgroup/value/path"].text, "\x1b[31m '\xef\xbf\xbd"));
    CHECK(ends_with(j["/cgroup/value/hex"].text, "1b5b33316d2027ff"));
}
