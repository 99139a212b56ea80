// SPDX-License-Identifier: MIT
// The child's user, groups and no_new_privs.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The other user may have to reach the test's program, which need not lie within its reach.
run_result facts_of(const spawn_options& o) {
    return run({"facts"}, o);
}

bool out_of_reach(const run_result& r) {
    return r.error == EACCES && r.step == spawn_step::exec;
}

} // namespace

TEST_CASE("without options a child has the caller's ids") {
    const run_result r = facts_of({});
    const std::string uid = std::to_string(getuid());
    CHECK(r["uid"] == uid + " " + std::to_string(geteuid()) + " " + std::to_string(geteuid()));
    CHECK(r["no_new_privs"] == "0");
}

TEST_CASE("the ids of a child are all three the given ones, and the caller's stay") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    const gid_t groups[] = {111, 222, 333};
    spawn_options o;
    o.uid = 1234;
    o.gid = 4321;
    o.groups = groups;
    const run_result r = facts_of(o);
    if (out_of_reach(r))
        SKIP_TEST("the test's program is out of reach of another user");
    CHECK(r["uid"] == "1234 1234 1234");
    CHECK(r["gid"] == "4321 4321 4321");
    CHECK(r["groups"] == "111 222 333");
    CHECK(getuid() == 0);
    CHECK(getegid() != 4321);
}

TEST_CASE("the group id may be changed alone, and each id to 0") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    spawn_options group;
    group.gid = 4321;
    const run_result g = facts_of(group);
    CHECK(g["gid"] == "4321 4321 4321");
    CHECK(g["uid"] == "0 0 0");
    spawn_options zero;
    zero.uid = 0;
    zero.gid = 0;
    zero.groups = keep_groups;
    CHECK(facts_of(zero)["uid"] == "0 0 0");
}

TEST_CASE(
    "the supplementary groups are removed by no_groups, and kept by keep_groups and by default") {
    if (geteuid() != 0)
        SKIP_TEST("only root may change its groups");
    gid_t own[64];
    const int count = getgroups(64, own);
    std::string expected;
    for (int i = 0; i < count; ++i)
        expected += (i != 0 ? " " : "") + std::to_string(own[i]);
    spawn_options keep;
    keep.groups = keep_groups;
    if (count > 0) {
        CHECK(facts_of({})["groups"] == expected);
        CHECK(facts_of(keep)["groups"] == expected);
    }
    spawn_options none;
    none.groups = no_groups;
    CHECK(facts_of(none).output.find("groups\n") != std::string::npos);
    const std::vector<gid_t> empty;
    none.groups = empty;
    CHECK(facts_of(none).output.find("groups\n") != std::string::npos);
}

TEST_CASE("who may not change ids gets EPERM with the step") {
    if (geteuid() == 0) {
        surroundings around;
        around.uid = 65534;
        struct facts {
            int uid, gid, groups;
            spawn_step steps[3];
        };
        const auto got = isolated(around, [] {
            facts f{};
            spawn_options o;
            o.uid = 0;
            o.gid = getgid();
            o.groups = keep_groups;
            f.uid = spawn(spawnee(), arguments({}), o, &f.steps[0]).error().value();
            o = {};
            o.gid = 0;
            f.gid = spawn(spawnee(), arguments({}), o, &f.steps[1]).error().value();
            o = {};
            o.groups = no_groups;
            f.groups = spawn(spawnee(), arguments({}), o, &f.steps[2]).error().value();
            return f;
        });
        REQUIRE(got);
        CHECK(got->uid == EPERM);
        CHECK(got->gid == EPERM);
        CHECK(got->groups == EPERM);
        CHECK(got->steps[0] == spawn_step::uid);
        CHECK(got->steps[1] == spawn_step::gid);
        CHECK(got->steps[2] == spawn_step::groups);
        return;
    }
    spawn_options o;
    o.uid = 0;
    o.gid = getgid();
    o.groups = keep_groups;
    spawn_step step{};
    CHECK(spawn(spawnee(), arguments({}), o, &step).error().value() == EPERM);
    CHECK(step == spawn_step::uid);
}

TEST_CASE("no_new_privs is set in the child alone") {
    spawn_options o;
    o.no_new_privs = true;
    CHECK(facts_of(o)["no_new_privs"] == "1");
    CHECK(facts_of({})["no_new_privs"] == "0");
}

TEST_CASE("the directory is entered with the child's new ids") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    const temporary_directory d;
    const std::string secret = d.directory("secret");
    REQUIRE(chmod(secret.c_str(), 0700) == 0);
    spawn_options o;
    o.uid = 65534;
    o.gid = 65534;
    o.groups = no_groups;
    o.directory = secret.c_str();
    const run_result r = facts_of(o);
    CHECK(r.error == EACCES);
    CHECK(r.step == spawn_step::directory);
}
