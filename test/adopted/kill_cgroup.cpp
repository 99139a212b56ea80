// SPDX-License-Identifier: MIT
// The traps of a daemon that kills cgroups: see kill_cgroup.hpp.
#include "kill_cgroup.hpp"

#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/process_tree.hpp"

#include <cerrno>
#include <chrono>
#include <sys/stat.h>

using namespace support;
using namespace std::chrono_literals;

namespace {

/// Each process makes the next one and ends, as fast as it can.
[[noreturn]] void run_away() {
    for (;;)
        if (fork() != 0)
            _exit(0);
}

pidfd_util::cgroup open(const test_cgroup& group) {
    auto opened = pidfd_util::cgroup::open(group.path().c_str());
    REQUIRE(opened);
    return std::move(*opened);
}

} // namespace

TEST_CASE("kill_cgroup ends a chain of forks, and a cgroup below, and touches nobody outside") {
    auto group = test_cgroup::make("adopted");
    if (!group)
        SKIP_TEST(no_cgroup);
    auto below = group->make_below("below");
    REQUIRE(below);
    const test_child outside = test_child::running();
    life_line line;
    const pid_t chain = fork();
    if (chain == 0) {
        if (!group->add(0))
            _exit(1);
        line.write("c");
        run_away();
    }
    test_child deep = test_child::ready([&] { return below->add(0); });
    REQUIRE(deep.prepared());
    line.wait_for(1);

    const auto opened = open(*group);
    const auto killed = adopted::kill_cgroup(opened, 60s);
    REQUIRE(error_of(killed) == 0);
    CHECK(killed->opened >= 1); // the one below; a member of the chain ends before it is opened
    CHECK(killed->released <= killed->opened);
    CHECK(opened.is_empty() == true);
    CHECK(line.is_deserted());
    CHECK(outside.fd().is_alive() == true);
    waitpid(chain, nullptr, 0);
    deep.reap();
    below->remove();
}

TEST_CASE("kill_cgroup releases the memory of members that cgroup.procs does not show any more") {
    auto group = test_cgroup::make("released");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child member = test_child::ready([&] { return group->add(0); });
    REQUIRE(member.prepared());
    const auto opened = open(*group);
    const auto killed = adopted::kill_cgroup(opened, 60s);
    REQUIRE(error_of(killed) == 0);
    CHECK(killed->opened == 1);
    const bool supported = error_of(member.fd().release_memory()) != ENOSYS;
    CHECK(killed->released == (supported ? 1 : 0));
}

TEST_CASE("kill_cgroup kills also if no file descriptor is left for the members") {
    auto group = test_cgroup::make("full");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child member = test_child::ready([&] { return group->add(0); });
    REQUIRE(member.prepared());
    const auto killed = isolated({}, [&] {
        const auto opened = pidfd_util::cgroup::open(group->path().c_str());
        leave_fds(1);
        const auto done = adopted::kill_cgroup(*opened, 60s);
        return error_of(done);
    });
    REQUIRE(killed);
    CHECK(*killed == 0);
    CHECK(member.fd().wait_exit_for(60s));
}
