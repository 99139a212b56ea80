// SPDX-License-Identifier: MIT
// The processes in a cgroup, opened as pidfds.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"
#include "support/opened_cgroup.hpp"
#include "support/operations.hpp"

#include <pidfd_util/cgroup.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

std::vector<pid_t> sorted_pids(const pidfd* first, std::size_t count) {
    std::vector<pid_t> pids;
    for (std::size_t i = 0; i < count; ++i)
        pids.push_back(first[i].get_pid().value_or(-1));
    std::sort(pids.begin(), pids.end());
    return pids;
}

} // namespace

TEST_CASE("members are opened as pidfds, on every kernel, and no other process is") {
    const auto made = test_cgroup::make("-members");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto lower = made->make_below("lower");
    REQUIRE(lower);
    std::vector<test_child> children;
    std::vector<pid_t> pids;
    for (int i = 0; i < 5; ++i) {
        children.push_back(test_child::running());
        pids.push_back(children.back().pid());
        REQUIRE(made->add(pids.back()));
    }
    const test_child below = test_child::running();
    REQUIRE(lower->add(below.pid()));
    const test_child outside = test_child::running();
    std::sort(pids.begin(), pids.end());
    const handle opened = open_made(*made);
    const int fds = count_fds();
    {
        std::array<pidfd, 9> found;
        const auto all = opened.members(found);
        REQUIRE(all);
        CHECK(all->count == 5);
        CHECK(all->complete);
        CHECK(sorted_pids(found.data(), all->count) == pids);
        std::array<pidfd, 3> few;
        const auto some = opened.members(few);
        REQUIRE(some);
        CHECK(some->count == 3);
        CHECK_FALSE(some->complete);
        const auto none = opened.members({});
        CHECK((none && none->count == 0 && !none->complete));
        pidfd exact[5];
        CHECK(opened.members(exact)->complete);
    }
    CHECK(count_fds() == fds);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int error;
            std::size_t count;
            bool complete;
            bool right;
        };
        const auto got = isolated(on(kernel), [&] {
            std::array<pidfd, 9> found;
            const auto all = opened.members(found);
            facts f{error_of(all), 0, false, true};
            if (!all)
                return f;
            f.count = all->count;
            f.complete = all->complete;
            for (std::size_t i = 0; i < all->count; ++i)
                f.right = f.right && std::count(pids.begin(), pids.end(),
                                                found[i].get_pid().value_or(-1)) == 1;
            return f;
        });
        REQUIRE(got);
        if (kernel.refuses_pidfd_open()) {
            CHECK(refused(got->error));
            continue;
        }
        CHECK(got->error == 0);
        CHECK(got->count == 5);
        CHECK(got->complete);
        CHECK(got->right);
    }
}

TEST_CASE("members leaves no pidfd in the storage that it did not store") {
    const auto made = test_cgroup::make("-stale");
    if (!made)
        SKIP_TEST(no_cgroup);
    const test_child c = test_child::running();
    REQUIRE(made->add(c.pid()));
    const handle opened = open_made(*made);
    std::array<pidfd, 3> found;
    for (pidfd& p : found)
        p = pidfd::from_self().value();
    const auto all = opened.members(found);
    REQUIRE(all);
    CHECK(all->count == 1);
    CHECK(found[0].fd() >= 0);
    CHECK((found[1].fd() == -1 && found[2].fd() == -1));
    for (pidfd& p : found)
        p = pidfd::from_self().value();
    CHECK_FALSE(cgroup_view().members(found));
    for (const pidfd& p : found)
        CHECK(p.fd() == -1);
}

TEST_CASE("a member that the caller's pid namespace does not show makes the list incomplete") {
    const auto made = test_cgroup::make("-hidden");
    if (!made)
        SKIP_TEST(no_cgroup);
    const test_child c = test_child::running();
    REQUIRE(made->add(c.pid()));
    const handle opened = open_made(*made);
    const auto got = isolated(in_pid_namespace(""), [&] {
        pidfd found[2];
        const auto all = opened.members(found);
        return all && all->count == 0 && !all->complete;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got);
}

TEST_CASE("members leaks nothing when there is no file descriptor left, and stores nothing") {
    const auto made = test_cgroup::make("-full");
    if (!made)
        SKIP_TEST(no_cgroup);
    std::vector<test_child> children;
    for (int i = 0; i < 4; ++i) {
        children.push_back(test_child::running());
        REQUIRE(made->add(children.back().pid()));
    }
    const handle opened = open_made(*made);
    for (unsigned long more = 0; more < 6; ++more) {
        CAPTURE(more);
        surroundings around;
        const auto got = isolated(around, [&] {
            const int before = count_fds();
            // The lowest number that is free, and some more.
            const int lowest = dup(0);
            close(lowest);
            rlimit limit{static_cast<rlim_t>(lowest) + more, static_cast<rlim_t>(lowest) + more};
            setrlimit(RLIMIT_NOFILE, &limit);
            std::array<pidfd, 4> found;
            const auto all = opened.members(found);
            const bool stored =
                std::any_of(found.begin(), found.end(), [](const pidfd& p) { return p.fd() >= 0; });
            for (pidfd& p : found)
                p.reset();
            limit.rlim_cur = limit.rlim_max;
            return (all ? all->count == 4 : error_of(all) == EMFILE && !stored) && before > 0;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}
