// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/emulated.hpp"
#include "support/talking.hpp"

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr question<std::uint64_t> get_cgroupid = &pidfd_view::get_cgroupid;

constexpr const char* no_mount = "no cgroup2 is mounted";
void check(const outcome<answer<std::uint64_t>>& got, std::uint64_t id) {
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->value == id);
}

/// A directory for a mount, with a blank in its name, which mountinfo escapes.
class mount_point {
public:
    mount_point() { REQUIRE(mkdtemp(path_) != nullptr); }
    ~mount_point() { rmdir(path_); }
    mount_point(const mount_point&) = delete;
    mount_point& operator=(const mount_point&) = delete;
    const char* path() const { return path_; }

private:
    char path_[40] = "/tmp/pidfd util \\ XXXXXX";
};

surroundings without_ioctl() {
    surroundings around = on(linux_5_10());
    around.mount_namespace = true;
    return around;
}

} // namespace

TEST_CASE("get_cgroupid returns the cgroup of every living process, on every kernel") {
    if (emulated())
        SKIP_TEST(in_emulator);
    if (cgroup2_mount().empty())
        SKIP_TEST(no_mount);
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            check(ask_in(on(kernel), s.fd, get_cgroupid), shown_cgroup(s.pid));
        }
    }
}

TEST_CASE("get_cgroupid is the inode of the cgroup's directory, whatever the cgroup's name") {
    if (emulated())
        SKIP_TEST(in_emulator);
    // The last name looks like /proc's mark of a removed cgroup, and the middle one like
    // mountinfo's escape of a blank.
    for (const char* name : {"", " with  blanks ", "\ttab\\040", ":0::/", " (deleted)"}) {
        const auto group = test_cgroup::make(name);
        if (!group)
            SKIP_TEST(no_cgroup);
        const test_child c = test_child::running();
        REQUIRE(group->add(c.pid()));
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name, name);
            check(ask_in(on(kernel), c.fd().fd(), get_cgroupid), group->id());
        }
    }
}

TEST_CASE("get_cgroupid follows a process from one cgroup to another") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto group = test_cgroup::make("-from");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto below = group->make_below("to");
    REQUIRE(below);
    const test_child c = test_child::running();
    for (const auto* home : {&*group, &*below}) {
        REQUIRE(home->add(c.pid()));
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name);
            check(ask_in(on(kernel), c.fd().fd(), get_cgroupid), home->id());
        }
    }
}

TEST_CASE("get_cgroupid of a zombie returns the cgroup that it died in") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto group = test_cgroup::make("-zombie");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child c = test_child::that([] { return 0; });
    REQUIRE(group->add(c.pid()));
    c.go();
    c.wait_for_end();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_cgroupid);
        REQUIRE(got);
        if (cannot_see_reaping(kernel)) {
            CHECK(got->error == if_ended(kernel, 0));
            continue;
        }
        check(got, group->id());
    }
}

TEST_CASE(
    "get_cgroupid of a zombie whose cgroup is gone never returns a new cgroup of the same name") {
    auto group = test_cgroup::make("-removed");
    if (!group)
        SKIP_TEST(no_cgroup);
    test_child c = test_child::that([] { return 0; });
    REQUIRE(group->add(c.pid()));
    c.go();
    c.wait_for_end();
    const std::uint64_t id = group->id();
    group->remove();
    const auto successor = test_cgroup::make("-removed");
    const auto like_the_mark = test_cgroup::make("-removed (deleted)");
    REQUIRE(successor);
    REQUIRE(like_the_mark);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_cgroupid);
        REQUIRE(got);
        if (kernel.rules.empty() && has(feature::info_ioctl)) {
            CHECK(got->value == id);
        } else {
            CHECK(got->error == (kernel.forbids() ? ERFKILL : EOPNOTSUPP));
        }
    }
}

TEST_CASE(
    "get_cgroupid of a process whose first thread stayed in a removed cgroup never returns one "
    "that has its name") {
    if (emulated())
        SKIP_TEST(in_emulator);
    auto left = test_cgroup::make("-left");
    const auto home = test_cgroup::make("-home");
    if (!left || !home)
        SKIP_TEST(no_cgroup);
    talking_child c({"read", "last_thread", "tid", "read", "exit", "0"});
    REQUIRE(left->add(c.pid()));
    c.go();
    CHECK(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    REQUIRE(home->add(c.pid())); // the thread that has exited stays
    left->remove();
    const auto imitation = test_cgroup::make("-left (deleted)");
    REQUIRE(imitation);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), get_cgroupid);
        REQUIRE(got);
        CHECK((got->error != 0 || got->value != imitation->id()));
    }
    c.go();
}

TEST_CASE("get_cgroupid in a cgroup namespace never mistakes an inner cgroup for an outer one") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto outer = test_cgroup::make("-outer");
    if (!outer)
        SKIP_TEST(no_cgroup);
    const auto root = outer->make_below("root");
    const auto outside = outer->make_below("x");
    REQUIRE((root && outside));
    const auto trap = root->make_below("x"); // a lookup that ignores ".." would find this
    REQUIRE(trap);
    const test_child beside = test_child::running(); // shown as /../x
    const test_child above = test_child::running();  // shown as /..
    const test_child within = test_child::running(); // shown as /x
    REQUIRE(outside->add(beside.pid()));
    REQUIRE(outer->add(above.pid()));
    REQUIRE(trap->add(within.pid()));

    struct facts {
        bool prepared;
        answer<std::uint64_t> beside, above, within;
    };
    const std::string point = cgroup2_mount();
    for (const profile& kernel : {native(), linux_5_10()}) {
        for (const bool new_mount : {false, true}) {
            CAPTURE(kernel.name, new_mount);
            surroundings around;
            around.mount_namespace = true;
            const auto got = isolated(around, [&]() -> facts {
                // The old mount shows the whole hierarchy, the new one only the part below the
                // root.
                const bool prepared =
                    keep_mounts_here() && root->add(0) && unshare(CLONE_NEWCGROUP) == 0 &&
                    (!new_mount || (umount2(point.c_str(), MNT_DETACH) == 0 &&
                                    mount("none", point.c_str(), "cgroup2", 0, nullptr) == 0)) &&
                    install(kernel.rules);
                return {prepared, ask(beside.fd().fd(), get_cgroupid),
                        ask(above.fd().fd(), get_cgroupid), ask(within.fd().fd(), get_cgroupid)};
            });
            if (!got)
                SKIP_TEST(got.missing);
            REQUIRE(got->prepared);
            const auto right_or_unsupported = [](const answer<std::uint64_t>& a, std::uint64_t id) {
                return a.error == 0 ? a.value == id : a.error == EOPNOTSUPP;
            };
            CHECK(right_or_unsupported(got->within, trap->id()));
            CHECK(right_or_unsupported(got->beside, outside->id()));
            CHECK(right_or_unsupported(got->above, outer->id()));
            const bool by_ioctl = kernel.rules.empty() && has(feature::info_ioctl);
            if (by_ioctl || new_mount) {
                CHECK(got->within.error == 0);
                CHECK(got->beside.error == (by_ioctl ? 0 : EOPNOTSUPP));
                CHECK(got->above.error == (by_ioctl ? 0 : EOPNOTSUPP));
            }
        }
    }
}

TEST_CASE("get_cgroupid through a mount of a part of the hierarchy answers only for that part") {
    const auto part = test_cgroup::make("-part");
    if (!part)
        SKIP_TEST(no_cgroup);
    const auto below = part->make_below("below");
    const auto alike = test_cgroup::make("-part-alike"); // begins with the part's path
    REQUIRE((below && alike));
    const test_child in_part = test_child::running();
    const test_child in_below = test_child::running();
    const test_child in_alike = test_child::running();
    REQUIRE(part->add(in_part.pid()));
    REQUIRE(below->add(in_below.pid()));
    REQUIRE(alike->add(in_alike.pid()));

    struct facts {
        bool prepared;
        answer<std::uint64_t> part, below, alike, root;
    };
    const mount_point point;
    const std::string whole = cgroup2_mount();
    const auto got = isolated(without_ioctl(), [&]() -> facts {
        const bool prepared =
            keep_mounts_here() &&
            mount(part->path().c_str(), point.path(), nullptr, MS_BIND, nullptr) == 0 &&
            umount2(whole.c_str(), MNT_DETACH) == 0;
        const int self = raw_pidfd_open(getppid(), 0);
        return {prepared, ask(in_part.fd().fd(), get_cgroupid),
                ask(in_below.fd().fd(), get_cgroupid), ask(in_alike.fd().fd(), get_cgroupid),
                ask(self, get_cgroupid)};
    });
    if (!got)
        SKIP_TEST(got.missing);
    REQUIRE(got->prepared);
    CHECK(got->part.error == 0);
    CHECK(got->part.value == part->id());
    CHECK(got->below.error == 0);
    CHECK(got->below.value == below->id());
    CHECK(got->alike.error == EOPNOTSUPP);
    CHECK(got->root.error == EOPNOTSUPP);
}

TEST_CASE("get_cgroupid without the ioctl is unsupported where no cgroup2 is mounted") {
    const std::string point = cgroup2_mount();
    const test_child c = test_child::running();
    const auto got = isolated(without_ioctl(), [&]() -> answer<std::uint64_t> {
        if (!keep_mounts_here() || (!point.empty() && umount2(point.c_str(), MNT_DETACH) != 0))
            return {0, errno, {}};
        return ask(c.fd().fd(), get_cgroupid);
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == EOPNOTSUPP);
}

TEST_CASE("get_cgroupid is not fooled by what is mounted over the cgroup2 mount") {
    const auto group = test_cgroup::make("-covered");
    const auto cover = test_cgroup::make("-cover");
    if (!group || !cover)
        SKIP_TEST(no_cgroup);
    const auto trap = cover->make_below(group->name()); // a lookup of the group's path finds this
    REQUIRE(trap);
    const test_child c = test_child::running();
    REQUIRE(group->add(c.pid()));
    const std::string point = cgroup2_mount();
    struct facts {
        bool prepared;
        answer<std::uint64_t> id;
    };
    for (const bool tmpfs : {false, true}) {
        CAPTURE(tmpfs);
        const auto got = isolated(without_ioctl(), [&]() -> facts {
            const bool prepared = keep_mounts_here() &&
                                  (tmpfs ? mount("none", point.c_str(), "tmpfs", 0, nullptr) == 0 &&
                                               mkdir(group->path().c_str(), 0700) == 0
                                         : mount(cover->path().c_str(), point.c_str(), nullptr,
                                                 MS_BIND, nullptr) == 0);
            return {prepared, ask(c.fd().fd(), get_cgroupid)};
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->prepared);
        CHECK(got->id.error == EOPNOTSUPP);
    }
}

TEST_CASE(
    "get_cgroupid follows no link on something that is mounted over a part of the hierarchy") {
    const auto group = test_cgroup::make("-linked");
    const auto evil = test_cgroup::make("-evil");
    if (!group || !evil)
        SKIP_TEST(no_cgroup);
    const auto middle = group->make_below("b");
    REQUIRE(middle);
    const auto home = middle->make_below("c");
    const auto trap = evil->make_below("c");
    REQUIRE((home && trap));
    const test_child c = test_child::running();
    REQUIRE(home->add(c.pid()));
    struct facts {
        bool prepared;
        answer<std::uint64_t> id;
    };
    for (const bool elsewhere : {false, true}) {
        CAPTURE(elsewhere);
        const mount_point point;
        const std::string whole = cgroup2_mount();
        const auto got = isolated(without_ioctl(), [&]() -> facts {
            // Mounted at an unusual place, the hierarchy is found in mountinfo.
            const bool moved =
                !elsewhere || (mount(whole.c_str(), point.path(), nullptr, MS_BIND, nullptr) == 0 &&
                               umount2(whole.c_str(), MNT_DETACH) == 0);
            const std::string base = elsewhere ? point.path() : whole;
            const std::string covered = base + "/" + group->name();
            const std::string link = covered + "/b";
            const std::string target = base + "/" + evil->name();
            const bool prepared = keep_mounts_here() && moved &&
                                  mount("none", covered.c_str(), "tmpfs", 0, nullptr) == 0 &&
                                  symlink(target.c_str(), link.c_str()) == 0;
            return {prepared, ask(c.fd().fd(), get_cgroupid)};
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->prepared);
        CHECK(got->id.error == EOPNOTSUPP);
    }
}

TEST_CASE("get_cgroupid of a reaped process says that it is gone, never cgroup 0") {
    check_reaped(get_cgroupid);
}

TEST_CASE("get_cgroupid of a process in a foreign pid namespace fails with EREMOTE") {
    check_foreign(get_cgroupid);
}

TEST_CASE("get_cgroupid refuses a file descriptor that is not a pidfd") {
    check_impostors(get_cgroupid);
}

TEST_CASE("get_cgroupid without ioctl and /proc is unsupported or forbidden") {
    check_without_proc(get_cgroupid);
}

TEST_CASE("get_cgroupid without the ioctl says that /proc hides the process") {
    check_hidden(get_cgroupid);
}
