// SPDX-License-Identifier: MIT
// The example find-processes.
#include "support/catch.hpp"
#include "support/nested.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <chrono>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

using namespace support;

namespace {

/// A name that only this test's processes have.
std::string unique_name() {
    return "f" + std::to_string(getpid()) + "x";
}

finished find(const std::vector<std::string>& arguments) {
    return run({}, FIND_PROCESSES, arguments);
}

test_child named(const std::string& name, bool with_child) {
    return test_child::ready([&] {
        return prctl(PR_SET_NAME, name.c_str()) == 0 && (!with_child || make_child().pid > 0);
    });
}

} // namespace

TEST_CASE("find-processes prints the pid, the name and the number of children of what it finds") {
    const auto parent = named(unique_name(), true);
    REQUIRE(parent.prepared());
    const auto found = find({unique_name()});
    CHECK(found.status == 0);
    CHECK(found.out.find(std::to_string(parent.pid()) + " " + unique_name() + " 1\n") !=
          std::string::npos);
    const auto nothing = find({unique_name() + "y"});
    CHECK(nothing.status == 1);
    CHECK(nothing.out.empty());
}

TEST_CASE("find-processes --kill kills what it finds and its descendants, and nothing else") {
    auto parent = named(unique_name(), true);
    const auto other = named(unique_name().substr(1), false);
    REQUIRE(parent.prepared());
    CHECK(find({"--kill", unique_name()}).status == 0);
    CHECK(parent.fd().wait_exit_for(std::chrono::seconds(10)));
    CHECK(other.fd().is_alive() == true);
    CHECK(find({}).status == 2);
}
