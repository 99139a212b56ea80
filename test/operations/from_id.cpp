// SPDX-License-Identifier: MIT
// from_id and from_inode, where the kernel opens ids. For the hint, see from_id_hint.cpp.
#include "support/answers.hpp"
#include "support/boot.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/nested.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/features.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_ids = "no pidfs: processes have no ids";
constexpr const char* no_handles = "no file handles of pidfds";

struct found {
    int error;
    std::uint64_t id;
    pid_t pid;
    bool thread;
    bool cloexec;
};

found look_at(const expected<pidfd>& opened) {
    if (!opened)
        return {error_of(opened), 0, 0, false, false};
    return {0, opened->get_id().value_or(0), opened->get_pid().value_or(-1),
            opened->is_thread().value_or(false), has_cloexec(opened->fd())};
}

/// Linux 6.14 to 6.16, which do not know the number that stands for pidfs.
profile without_pidfs_root() {
    constexpr int pidfs_root = -10002;
    return {"no FD_PIDFS_ROOT",
            {{SYS_open_by_handle_at, EBADF, 0, ~0U, static_cast<std::uint32_t>(pidfs_root)}}};
}

/// The kernels that open an id without a hint, if this one does.
std::vector<profile> openers() {
    return {native(), without_pidfs_root(), info_refused("no ioctl", EPERM)};
}

/// The answer where nothing opens an id.
int refusal(const profile& kernel) {
    return kernel.forbids() ? ERFKILL : EOPNOTSUPP;
}

bool refuses(const profile& kernel, long number) {
    return std::any_of(kernel.rules.begin(), kernel.rules.end(),
                       [=](const rule& r) { return r.number == number && r.argument < 0; });
}

bool asks_for_inodes(const profile& kernel) {
    return !refuses(kernel, rule::inode_question(0).number);
}

bool opens_ids(const profile& kernel) {
    return has(feature::file_handle) && !refuses(kernel, SYS_open_by_handle_at);
}

} // namespace

TEST_CASE("from_id opens every living process again, and the same one") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const std::vector<subject> all = living();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : all) {
            const auto id = pidfd_view(s.fd).get_process_id();
            REQUIRE(id);
            for (const pid_t hint : {pid_t{0}, s.pid}) {
                CAPTURE(kernel.name, s.name, hint);
                const auto got =
                    isolated(on(kernel), [&] { return look_at(pidfd::from_id(*id, hint)); });
                REQUIRE(got);
                if (!asks_for_inodes(kernel)) {
                    // This kernel has ids, and only the profile has no PIDFD_THREAD.
                    CHECK((got->error == refusal(kernel) ||
                           (s.name == "a thread" && hint != 0 && got->error == ESRCH)));
                } else if (hint == 0 && !opens_ids(kernel)) {
                    CHECK(got->error == EOPNOTSUPP);
                } else {
                    CHECK(got->error == 0);
                    CHECK(got->id == id->inode);
                    CHECK(got->pid == s.pid);
                    CHECK(got->thread == (s.name == "a thread"));
                    CHECK(got->cloexec);
                }
            }
        }
    }
}

TEST_CASE("from_id opens a process when every pidfd of it was closed") {
    struct result {
        found got;
        std::uint64_t id;
        pid_t pid;
    };
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    for (const profile& kernel : openers()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            result r{};
            const relative child = make_child();
            r.pid = child.pid;
            r.id = pidfd_view(child.fd).get_id().value_or(0);
            close(child.fd);
            r.got = look_at(pidfd::from_inode(r.id));
            kill_made(child.pid);
            waitpid(child.pid, nullptr, 0);
            return r;
        });
        REQUIRE(got);
        CHECK(got->got.error == 0);
        CHECK(got->got.pid == got->pid);
        CHECK(got->got.id == got->id);
    }
}

TEST_CASE("from_id opens a zombie, and does not find it once it was reaped, although a pidfd of it "
          "is open") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    test_child c = test_child::zombie();
    const std::uint64_t id = *c.fd().get_id();
    for (const profile& kernel : openers()) {
        CAPTURE(kernel.name);
        const auto zombie = isolated(on(kernel), [&] { return look_at(pidfd::from_inode(id)); });
        REQUIRE(zombie);
        CHECK(zombie->error == 0);
        CHECK(zombie->id == id);
        CHECK(zombie->pid == c.pid());
    }
    c.reap();
    for (const profile& kernel : openers())
        for (const pid_t hint : {pid_t{0}, c.pid(), getpid()}) {
            CAPTURE(kernel.name, hint);
            const auto reaped =
                isolated(on(kernel), [&] { return look_at(pidfd::from_inode(id, hint)); });
            REQUIRE(reaped);
            CHECK(reaped->error == ESRCH);
        }
    CHECK(*c.fd().get_id() == id);
}

TEST_CASE("from_id of a number that was never an id finds nothing") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    for (const profile& kernel : openers())
        for (const std::uint64_t inode :
             {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63}) {
            CAPTURE(kernel.name, inode);
            const auto got =
                isolated(on(kernel), [=] { return look_at(pidfd::from_inode(inode)); });
            REQUIRE(got);
            CHECK(got->error == ESRCH);
        }
}

TEST_CASE("from_id refuses an id of another boot as such, on every kernel") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const auto boot = get_boot_id();
    REQUIRE(boot);
    process_id id{pidfd::from_self()->get_id().value_or(1), *boot};
    for (const int byte : {0, 7, 15}) {
        process_id other = id;
        other.boot.bytes[byte] ^= 1;
        for (const profile& kernel : all_profiles())
            for (const pid_t hint : {0, getpid()}) {
                CAPTURE(kernel.name, byte, hint);
                const auto got = isolated(on(kernel), [&] {
                    const auto opened = pidfd::from_id(other, hint);
                    return !opened && opened.error() == pidfd_errc::foreign_boot &&
                           opened.error().value() == ESTALE;
                });
                REQUIRE(got);
                CHECK(*got);
            }
    }
}

TEST_CASE("from_id refuses the inode number 0 and a negative hint as invalid arguments") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            const process_id zero{0, {}};
            const process_id one{1, {}};
            return error_of(pidfd::from_id(zero)) == EINVAL &&
                   error_of(pidfd::from_id(zero, 1)) == EINVAL &&
                   error_of(pidfd::from_id(one, -1)) == EINVAL &&
                   error_of(pidfd::from_inode(0)) == EINVAL &&
                   error_of(pidfd::from_inode(0, getpid())) == EINVAL &&
                   error_of(pidfd::from_inode(1, -1)) == EINVAL &&
                   error_of(pidfd::from_inode(1, std::numeric_limits<pid_t>::min())) == EINVAL;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE("from_id is unsupported where processes have no ids, and reports no process as gone") {
    const test_child c = test_child::running();
    for (const profile& kernel : {linux_5_4(), linux_5_10()})
        for (const pid_t hint : {0, c.pid()}) {
            CAPTURE(kernel.name, hint);
            const auto got = isolated(on(kernel), [&] {
                return look_at(pidfd::from_inode(std::uint64_t{1} << 40, hint));
            });
            REQUIRE(got);
            // The kernel itself may know that no process has this number.
            CHECK((got->error == EOPNOTSUPP || (has(feature::file_handle) && got->error == ESRCH)));
        }
}

TEST_CASE("from_id does not find a process outside of the caller's pid namespace, with any hint") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    for (const profile& kernel : {native(), without_pidfs_root()})
        for (const pid_t hint : {0, 1, c.pid()}) {
            CAPTURE(kernel.name, hint);
            surroundings inside = in_pid_namespace("");
            inside.kernel = kernel;
            const auto got = isolated(inside, [&] { return look_at(pidfd::from_inode(id, hint)); });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->error == ESRCH);
        }
}

TEST_CASE("from_id opens a process in a child pid namespace, for an unprivileged caller too") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    for (const subject& s : living()) {
        const auto id = pidfd_view(s.fd).get_id();
        REQUIRE(id);
        CAPTURE(s.name);
        surroundings stranger;
        stranger.uid = 65534;
        const auto got = isolated(stranger, [&] { return look_at(pidfd::from_inode(*id)); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->id == *id);
        CHECK(got->pid == s.pid);
    }
}

TEST_CASE("from_id of a thread opens the thread, as long as it lives") {
    if (!has(feature::thread) || !has(feature::pidfs))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    sleeping_thread thread;
    const auto opened = pidfd::from_tid(thread.tid());
    REQUIRE(opened);
    const std::uint64_t id = *opened->get_id();
    CHECK(id != *pidfd::from_self()->get_id());
    for (const pid_t hint : {0, thread.tid()}) {
        CAPTURE(hint);
        const found got = look_at(pidfd::from_inode(id, hint));
        if (hint == 0 && !has(feature::file_handle)) {
            CHECK(got.error == EOPNOTSUPP);
            continue;
        }
        CHECK(got.error == 0);
        CHECK(got.id == id);
        CHECK(got.pid == thread.tid());
        CHECK(got.thread);
        CHECK(got.cloexec);
    }
    // The hint of the process leads to its first thread.
    if (!has(feature::file_handle))
        CHECK(error_of(pidfd::from_inode(id, getpid())) == ESRCH);
    const pid_t tid = thread.tid();
    thread.end();
    (void)opened->wait_exit();
    CHECK(error_of(pidfd::from_inode(id, tid)) == ESRCH);
    CHECK(error_of(pidfd::from_inode(id)) == (has(feature::file_handle) ? ESRCH : EOPNOTSUPP));
}

TEST_CASE("from_id of a process's first thread opens the process") {
    if (!has(feature::file_handle) || !has(feature::thread))
        SKIP_TEST(no_handles);
    const test_child c = test_child::running();
    const auto first = pidfd::from_tid(c.pid());
    REQUIRE(first);
    const found got = look_at(pidfd::from_inode(*first->get_id()));
    CHECK(got.error == 0);
    CHECK(got.pid == c.pid());
    CHECK_FALSE(got.thread);
}

TEST_CASE("from_inode does not need /proc, and from_id is unsupported without the boot id") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    struct result {
        found by_inode;
        int by_id;
    };
    const test_child c = test_child::running();
    const std::uint64_t inode = *c.fd().get_id();
    const process_id id{inode, get_boot_id().value_or(boot_id{})};
    const auto got = isolated(with_proc("none"), [&] {
        return result{look_at(pidfd::from_inode(inode)), error_of(pidfd::from_id(id))};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->by_inode.error == 0);
    CHECK(got->by_inode.id == inode);
    CHECK(got->by_id == EOPNOTSUPP);
}

TEST_CASE("from_inode may return fd 0") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    const auto got = isolated({}, [&] {
        close(STDIN_FILENO);
        const auto opened = pidfd::from_inode(id);
        return opened && opened->fd() == 0 && opened->get_id().value_or(0) == id;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("from_inode without enough file descriptors says so, and never that it is unsupported") {
    if (!has(feature::file_handle))
        SKIP_TEST(no_handles);
    const test_child living_one = test_child::running();
    const test_child gone = test_child::reaped();
    struct result {
        int alive;
        int reaped;
        int leaked;
    };
    for (const profile& kernel : {native(), without_pidfs_root()})
        for (const int left : {0, 1, 2}) {
            CAPTURE(kernel.name, left);
            surroundings around = on(kernel);
            around.file_limit = 64;
            const std::uint64_t ids[] = {*living_one.fd().get_id(), *gone.fd().get_id()};
            const auto got = isolated(around, [&] {
                fill_fds(left);
                const int before = open_fds();
                result r{};
                r.alive = error_of(pidfd::from_inode(ids[0]));
                r.reaped = error_of(pidfd::from_inode(ids[1]));
                r.leaked = open_fds() - before;
                return r;
            });
            REQUIRE(got);
            CHECK((got->alive == EMFILE || (left > 0 && got->alive == 0)));
            CHECK((got->reaped == EMFILE || got->reaped == ESRCH));
            if (left == 2) {
                CHECK(got->alive == 0);
                CHECK(got->reaped == ESRCH);
            }
            CHECK(got->leaked == 0);
        }
}
