// SPDX-License-Identifier: MIT
#include "support/answers.hpp"

#include <fstream>
#include <grp.h>
#include <linux/securebits.h>
#include <sstream>
#include <string>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr question<credentials> get_creds = &pidfd_view::get_creds;

constexpr credentials all_ids(uid_t id) {
    return {id, id, id, id, id, id, id, id};
}

credentials shown_creds(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    credentials c{};
    for (std::string line; std::getline(status, line);) {
        std::istringstream words(line.substr(line.find(':') + 1));
        if (line.rfind("Uid:", 0) == 0)
            words >> c.ruid >> c.euid >> c.suid >> c.fsuid;
        if (line.rfind("Gid:", 0) == 0)
            words >> c.rgid >> c.egid >> c.sgid >> c.fsgid;
    }
    return c;
}

void check(const answer<credentials>& got, const credentials& expected) {
    CHECK(got.error == 0);
    CHECK(got.value.ruid == expected.ruid);
    CHECK(got.value.rgid == expected.rgid);
    CHECK(got.value.euid == expected.euid);
    CHECK(got.value.egid == expected.egid);
    CHECK(got.value.suid == expected.suid);
    CHECK(got.value.sgid == expected.sgid);
    CHECK(got.value.fsuid == expected.fsuid);
    CHECK(got.value.fsgid == expected.fsgid);
}

constexpr credentials eight_ids{1001, 2001, 1002, 2002, 1003, 2003, 1004, 2004};

/// A child with eight_ids, which has started.
test_child with_eight_ids(bool& done) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    test_child c = test_child::that([&] {
        // Keeps the right to set the next ids.
        const bool set = prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) == 0 &&
                         setresgid(2001, 2002, 2003) == 0 && setresuid(1001, 1002, 1003) == 0;
        setfsgid(2004);
        setfsuid(1004);
        const char byte = set ? 'y' : 'n';
        (void)!write(ready[1], &byte, 1);
        pause();
        return 0;
    });
    c.go();
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    done = byte == 'y';
    return c;
}

} // namespace

TEST_CASE("get_creds returns the ids of every living process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = ask_in(on(kernel), s.fd, get_creds);
            REQUIRE(got);
            check(*got, shown_creds(s.pid));
            if (s.name == "a child of another user")
                check(*got, all_ids(65534));
        }
    }
}

TEST_CASE("get_creds distinguishes real, effective, saved and file system ids") {
    bool set = false;
    const test_child c = with_eight_ids(set);
    if (!set)
        SKIP_TEST("not allowed to become other users");
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_creds);
        REQUIRE(got);
        check(*got, eight_ids);
    }
}

TEST_CASE("get_creds needs no right over the process") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const test_child c = test_child::running();
        surroundings around = on(kernel);
        around.uid = 65533;
        const auto got = ask_in(around, c.fd().fd(), get_creds);
        if (!got)
            SKIP_TEST(got.missing);
        check(*got, all_ids(0));
    }
}

TEST_CASE("get_creds shows an id without a mapping in the caller's user namespace as 65534") {
    bool set = false;
    const test_child stranger = with_eight_ids(set);
    const test_child own = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around = on(kernel);
        around.user_namespace = true;
        const auto mapped = ask_in(around, own.fd().fd(), get_creds);
        if (!mapped)
            SKIP_TEST(mapped.missing);
        check(*mapped, all_ids(0));
        if (!set)
            continue;
        const auto unmapped = ask_in(around, stranger.fd().fd(), get_creds);
        REQUIRE(unmapped);
        check(*unmapped, all_ids(65534));
    }
}

TEST_CASE("get_creds of a zombie returns the ids that it had") {
    bool set = false;
    test_child c = with_eight_ids(set);
    if (!set)
        SKIP_TEST("not allowed to become other users");
    REQUIRE(c.fd().kill());
    c.wait_for_end();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_creds);
        REQUIRE(got);
        if (cannot_see_reaping(kernel)) {
            CHECK(got->error == if_ended(kernel, 0));
            continue;
        }
        check(*got, eight_ids);
    }
}

TEST_CASE("get_creds of a reaped process says that it is gone, never user 0") {
    check_reaped(get_creds);
}

TEST_CASE("get_creds of a process in a foreign pid namespace fails with EREMOTE") {
    check_foreign(get_creds);
}

TEST_CASE("get_creds refuses a file descriptor that is not a pidfd") {
    check_impostors(get_creds);
}

TEST_CASE("get_creds without ioctl and /proc is unsupported or forbidden") {
    check_without_proc(get_creds);
}

TEST_CASE("get_creds without the ioctl says that /proc hides the process") {
    check_hidden(get_creds);
}
