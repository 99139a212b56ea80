// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/emulated.hpp"
#include "support/nested.hpp"

#include "kernel/uapi.hpp"

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr question<std::uint64_t> get_id = &pidfd_view::get_id;

constexpr const char* no_pidfs = "no pidfs: all pidfds share one inode";

/// The error of get_id on a profile, or 0.
int expected_error(const profile& kernel) {
    for (const rule& r : kernel.rules)
        if (r.number == rule::inode_question(0).number)
            return kernel.forbids() ? ERFKILL : EOPNOTSUPP;
    return 0;
}

} // namespace

TEST_CASE("get_id returns a number, or reports that this kernel has none") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = ask_in(on(kernel), s.fd, get_id);
            REQUIRE(got);
            if (has(feature::pidfs)) {
                CHECK(got->error == expected_error(kernel));
                CHECK((got->value != 0) == (got->error == 0));
            } else {
                CHECK((got->error == EOPNOTSUPP || got->error == ERFKILL));
            }
        }
    }
}

TEST_CASE("get_id does not mistake a filter's empty answer for an id") {
    surroundings around;
    around.kernel = {"the inode is claimed, and not written", {rule::inode_question(0)}};
    const auto got = isolated(around, [] {
        const auto id = pidfd::from_self()->get_id();
        return id ? 0 : id.error().value();
    });
    REQUIRE(got);
    CHECK(*got == EOPNOTSUPP);
}

TEST_CASE("get_id differs between any two processes") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_pidfs);
    const std::vector<subject> all = living();
    std::set<std::uint64_t> ids;
    for (const subject& s : all) {
        CAPTURE(s.name);
        const auto got = ask(s.fd, get_id);
        CHECK(got.error == 0);
        CHECK(got.path == answer_path::inode);
        CHECK(ids.insert(got.value).second);
    }
}

TEST_CASE("get_id is the same through every pidfd of a process, and does not change when it ends") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_pidfs);
    test_child c = test_child::that([] { return 0; });
    const auto alive = c.fd().get_id();
    REQUIRE(alive);
    const auto again = pidfd::from_pid(c.pid());
    REQUIRE(again);
    CHECK(*again->get_id() == *alive);
    const auto copy = c.fd().duplicate();
    REQUIRE(copy);
    CHECK(*copy->get_id() == *alive);
    c.go();
    c.wait_for_end();
    CHECK(*c.fd().get_id() == *alive);
    c.reap();
    CHECK(*c.fd().get_id() == *alive);
}

TEST_CASE("get_id is the same for every caller, whatever its user and its namespaces") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_pidfs);
    const test_child c = test_child::running();
    const auto id = c.fd().get_id();
    REQUIRE(id);
    surroundings inside = in_pid_namespace("");
    inside.user_namespace = true;
    surroundings other_user;
    other_user.uid = 65533;
    std::string missing;
    for (const surroundings& around : {inside, other_user, with_proc("none")}) {
        CAPTURE(around.pid_namespace, around.proc);
        const auto got = ask_in(around, c.fd().fd(), get_id);
        if (!got) {
            missing = got.missing;
            continue;
        }
        CHECK(got->error == 0);
        CHECK(got->value == *id);
    }
    if (!missing.empty())
        SKIP_TEST(missing);
}

TEST_CASE("get_id has all 64 bits: it is the process's file handle") {
    if (emulated())
        SKIP_TEST(in_emulator);
    if (!has(feature::file_handle))
        SKIP_TEST("no file handles of pidfds");
    const test_child c = test_child::running();
    struct {
        unsigned bytes = 8;
        int type = 0;
        unsigned char data[8] = {};
    } handle;
    int mount_id = 0;
    REQUIRE(syscall(SYS_name_to_handle_at, c.fd().fd(), "", &handle, &mount_id, AT_EMPTY_PATH) ==
            0);
    std::uint64_t id = 0;
    std::memcpy(&id, handle.data, sizeof id);
    CHECK(*c.fd().get_id() == id);
}

TEST_CASE("get_id refuses a file descriptor that is not a pidfd, although it has an inode") {
    check_impostors(get_id, "the place of a pidfd"); // has the pidfd's own inode
}
