// SPDX-License-Identifier: MIT
// Births in a cgroup that was once killed, or from one: a fault of some kernels kills the child.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/opened_cgroup.hpp"
#include "support/processes.hpp"

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// What came of a birth.
struct birth {
    int error;
    spawn_step step;
    int code;
    int children_left; // errno of waitpid for any child
    bool leaked;
};

birth spawn_in(const handle& home, bool copies_memory, bool search) {
    spawn_options o;
    o.cgroup = home.fd();
    if (copies_memory)
        o.gid = getegid(); // ids are set in a copy of the memory
    o.search_path = search;
    const int fds = count_fds();
    birth b{0, spawn_step::exec, -1, 0, false};
    {
        auto c = spawn(spawnee(), arguments({"exit", "41"}), o, &b.step);
        b.error = c ? 0 : c.error().value();
        if (c)
            b.code = c->wait().value_or(exit_status::from_wait_status(0)).code().value_or(-2);
    }
    b.children_left = waitpid(-1, nullptr, WNOHANG | __WALL) < 0 ? errno : 0;
    b.leaked = count_fds() != fds;
    return b;
}

/// Whether the birth was right, or is reported as what it is. A program that was never run must not
/// count as one that was killed.
bool is_honest(const birth& b) {
    const bool born = b.error == 0 && b.code == 41;
    const bool dead_at_birth = b.error == ECANCELED && b.step == spawn_step::clone;
    return (born || dead_at_birth) && b.children_left == ECHILD && !b.leaked;
}

bool is_unsupported(int error) {
    return std::error_code(error, pidfd_category()) == pidfd_errc::unsupported;
}

} // namespace

TEST_CASE("a child that the kernel kills at birth, in a cgroup that was once killed, is reported") {
    const auto killed = test_cgroup::make("-was-killed");
    const auto fresh = test_cgroup::make("-fresh");
    if (!killed || !fresh)
        SKIP_TEST(no_cgroup);
    const auto home = handle::open(killed->path().c_str());
    const auto other = handle::open(fresh->path().c_str());
    REQUIRE((home && other));
    REQUIRE(home->kill());
    for (const bool copies : {false, true}) {
        for (const bool search : {false, true}) {
            CAPTURE(copies, search);
            const auto got = isolated({}, [&] { return spawn_in(*home, copies, search); });
            REQUIRE(got);
            if (is_unsupported(got->error))
                SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
            CAPTURE(got->error, static_cast<int>(got->step), got->code);
            CHECK(is_honest(*got));
            const auto in_fresh = isolated({}, [&] { return spawn_in(*other, copies, search); });
            REQUIRE(in_fresh);
            CHECK(in_fresh->error == 0);
            CHECK(in_fresh->code == 41);
        }
    }
}

TEST_CASE("a child that the kernel kills at birth, because its parent's cgroup was once killed, is "
          "reported") {
    const auto killed = test_cgroup::make("-parent-killed");
    const auto fresh = test_cgroup::make("-for-child");
    if (!killed || !fresh)
        SKIP_TEST(no_cgroup);
    const auto home = handle::open(killed->path().c_str());
    const auto other = handle::open(fresh->path().c_str());
    REQUIRE((home && other));
    REQUIRE(home->kill());
    for (const bool copies : {false, true}) {
        CAPTURE(copies);
        struct facts {
            bool moved;
            birth elsewhere;
            birth plain;
        };
        const auto got = isolated({}, [&] {
            facts f{};
            f.moved = killed->add(0);
            f.elsewhere = spawn_in(*other, copies, false);
            f.plain = spawn_in(*home, copies, false); // the same cgroup: not affected
            return f;
        });
        REQUIRE(got);
        if (is_unsupported(got->elsewhere.error))
            SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
        REQUIRE(got->moved);
        CHECK(is_honest(got->elsewhere));
        CHECK(got->plain.error == 0);
        CHECK(got->plain.code == 41);
    }
}
