// SPDX-License-Identifier: MIT
// The child's user, groups and no_new_privs.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <linux/capability.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The other user may not be able to reach the test's program.
run_result facts_of(const spawn_options& o) {
    return run({"facts"}, o);
}

bool out_of_reach(const run_result& r) {
    return r.error == EACCES && r.step == spawn_step::exec;
}

/// Options for a child that becomes another user.
spawn_options as(uid_t uid) {
    spawn_options o;
    o.uid = uid;
    o.gid = 4321;
    o.groups = no_groups;
    return o;
}

/// Makes the caller the user `uid` with CAP_SETGID and CAP_SETUID, also in the ambient set: so a
/// service manager starts a service that may change its user.
bool become_service(uid_t uid) {
    constexpr std::uint32_t set_ids = 1U << CAP_SETGID | 1U << CAP_SETUID;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{set_ids, set_ids, set_ids}, {0, 0, 0}};
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setresgid(uid, uid, uid) == 0 &&
           setresuid(uid, uid, uid) == 0 && syscall(SYS_capset, &header, data) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETGID, 0, 0) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) == 0;
}

/// The capabilities of a program that a service starts.
struct capabilities {
    bool is_service;
    int error;
    unsigned long effective;
    unsigned long ambient;
};

outcome<capabilities> capabilities_with(const spawn_options& o) {
    const char* const program = spawnee();
    return isolated({}, [&] {
        capabilities c{};
        c.is_service = become_service(1234);
        const run_result r = run_program(program, arguments({"file", "/proc/self/status"}), o);
        c.error = r.error;
        c.effective = std::strtoul(field(r.output, "CapEff:").c_str(), nullptr, 16);
        c.ambient = std::strtoul(field(r.output, "CapAmb:").c_str(), nullptr, 16);
        return c;
    });
}

} // namespace

TEST_CASE("another user's program does not get the ambient capabilities of the caller") {
    if (geteuid() != 0)
        SKIP_TEST("only root can give itself ambient capabilities");
    const auto got = capabilities_with(as(1235));
    REQUIRE(got);
    if (!got->is_service || got->error == EACCES)
        SKIP_TEST("no ambient capabilities here, or the test's program is out of reach");
    CHECK(got->error == 0);
    CHECK(got->ambient == 0);
    CHECK(got->effective == 0);
}

TEST_CASE("a program of the same user keeps the ambient capabilities of the caller") {
    if (geteuid() != 0)
        SKIP_TEST("only root can give itself ambient capabilities");
    spawn_options other_group;
    other_group.gid = 4321;
    for (const spawn_options& o : {spawn_options{}, other_group, as(1234)}) {
        const auto got = capabilities_with(o);
        REQUIRE(got);
        if (!got->is_service || got->error == EACCES)
            SKIP_TEST("no ambient capabilities here, or the test's program is out of reach");
        CHECK(got->error == 0);
        CHECK(got->ambient == 0xc0);
        CHECK(got->effective == 0xc0);
    }
}

TEST_CASE("without options a child has the caller's ids") {
    const run_result r = facts_of({});
    const std::string uid = std::to_string(getuid());
    CHECK(r["uid"] == uid + " " + std::to_string(geteuid()) + " " + std::to_string(geteuid()));
    CHECK(r["no_new_privs"] == "0");
}

TEST_CASE(
    "a child's real, effective and saved ids are the given ones, and the caller's do not change") {
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

TEST_CASE("the group id can be set without the user id, and each id can be set to 0") {
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

TEST_CASE("a caller without the right to change ids gets EPERM and the step") {
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

TEST_CASE("no_new_privs is set only in the child") {
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
