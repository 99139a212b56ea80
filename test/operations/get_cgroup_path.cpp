// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <climits>
#include <cstring>
#include <sched.h>
#include <string>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct found_path {
    int error;
    bool removed;
    char text[512];
};

found_path ask_path(pidfd_view p) {
    char buffer[PATH_MAX];
    found_path found{};
    const auto got = p.get_cgroup_path(buffer);
    found.error = error_of(got);
    if (!got)
        return found;
    found.removed = got->removed;
    got->path.copy(found.text, sizeof found.text - 1);
    return found;
}

/// The path below the mount, which is of the caller's cgroup namespace.
std::string below_mount(const test_cgroup& c) {
    return c.path().substr(cgroup2_mount().size());
}

} // namespace

TEST_CASE("get_cgroup_path returns the path of the cgroup that a process is in") {
    const auto group = test_cgroup::make("path");
    if (!group)
        SKIP_TEST(no_cgroup);
    const test_child c = test_child::running();
    const auto inner = group->make_below("a b");
    REQUIRE((inner && inner->add(c.pid())));
    const std::string right = below_mount(*inner);
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return ask_path(c.fd()); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK_FALSE(got->removed);
        // The mount may show only a part of the hierarchy.
        const std::string text = got->text;
        REQUIRE(text.size() >= right.size());
        CHECK(text.substr(text.size() - right.size()) == right);
    }
    std::vector<char> buffer(std::strlen(ask_path(c.fd()).text));
    const auto fits = c.fd().get_cgroup_path(buffer);
    REQUIRE(fits);
    CHECK(fits->path.data() == buffer.data());
    buffer.pop_back();
    CHECK(error_of(c.fd().get_cgroup_path(buffer)) == ERANGE);
    CHECK(error_of(c.fd().get_cgroup_path({})) == ERANGE);
}

TEST_CASE("get_cgroup_path of a zombie says whether its cgroup was removed") {
    auto group = test_cgroup::make("gone");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child c = test_child::that([] { return 0; });
    REQUIRE(group->add(c.pid()));
    const std::string before = ask_path(c.fd()).text;
    c.go();
    c.wait_for_end();
    const found_path kept = ask_path(c.fd());
    CHECK_FALSE(kept.removed);
    CHECK(kept.text == before);
    group->remove();
    const found_path removed = ask_path(c.fd());
    CHECK(removed.error == 0);
    CHECK(removed.removed);
    CHECK(removed.text == before);
}

TEST_CASE("get_cgroup_path of a living process whose cgroup is named like a removed one is whole") {
    const auto group = test_cgroup::make("named (deleted)");
    if (!group)
        SKIP_TEST(no_cgroup);
    const test_child c = test_child::running();
    REQUIRE(group->add(c.pid()));
    const found_path got = ask_path(c.fd());
    CHECK_FALSE(got.removed);
    CHECK(std::string(got.text).find("named (deleted)") != std::string::npos);
}

TEST_CASE("get_cgroup_path is relative to the caller's cgroup namespace") {
    const auto group = test_cgroup::make("namespace");
    const auto other = test_cgroup::make("outside");
    if (!group || !other)
        SKIP_TEST(no_cgroup);
    const test_child outside = test_child::running();
    const test_child inside = test_child::running();
    const auto inner = group->make_below("inner");
    REQUIRE((inner && inner->add(inside.pid()) && other->add(outside.pid())));
    struct {
        bool entered;
        found_path of_inside, of_outside;
    } r{};
    const auto got = isolated({}, [&] {
        r.entered = group->add(0) && unshare(CLONE_NEWCGROUP) == 0;
        r.of_inside = ask_path(inside.fd());
        r.of_outside = ask_path(outside.fd());
        return r;
    });
    REQUIRE(got);
    if (!got->entered)
        SKIP_TEST("no cgroup namespace can be made here");
    CHECK(got->of_inside.text == "/" + inner->name());
    CHECK(got->of_outside.text == "/../" + other->name());
}
