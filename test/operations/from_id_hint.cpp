// SPDX-License-Identifier: MIT
// from_id and from_inode with a pid as a hint, where the kernel or a sandbox does not open ids.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/nested.hpp"
#include "support/sleeping_thread.hpp"

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
constexpr pid_t unused = std::numeric_limits<pid_t>::max();

/// A kernel or a sandbox that does not open ids; 0: one that claims to have done so.
profile refusing(int error) {
    return {"open_by_handle_at", {{SYS_open_by_handle_at, error}}};
}

/// What means that ids cannot be opened, or that a filter lies.
constexpr int refusals[] = {0, ENOSYS, EPERM, EACCES, ESTALE, EOPNOTSUPP, EINVAL, EBADF};

/// The answer where open_by_handle_at returns this. Kernels that do not open ids return EPERM too.
int without_hint(int error) {
    const bool forbidden = error == EACCES || (error == EPERM && has(feature::file_handle));
    return forbidden ? ERFKILL : EOPNOTSUPP;
}

struct found {
    int error;
    std::uint64_t id;
    bool cloexec;
    bool thread;
};

found open_in(const surroundings& around, std::uint64_t inode, pid_t hint) {
    const auto got = isolated(around, [=] {
        const auto opened = pidfd::from_inode(inode, hint);
        if (!opened)
            return found{error_of(opened), 0, false, false};
        return found{0, opened->get_id().value_or(0), has_cloexec(opened->fd()),
                     opened->is_thread().value_or(false)};
    });
    if (!got)
        skip_at_once(got.missing);
    return *got;
}

void check_error(const surroundings& around, std::uint64_t inode, pid_t hint, int error) {
    const found got = open_in(around, inode, hint);
    CHECK(got.error == error);
}

void check_opened(const surroundings& around, std::uint64_t inode, pid_t hint) {
    const found got = open_in(around, inode, hint);
    CHECK(got.error == 0);
    CHECK(got.id == inode);
}

} // namespace

TEST_CASE("the right hint opens the process where the kernel does not open ids") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    for (const subject& s : living()) {
        const std::uint64_t id = *pidfd_view(s.fd).get_id();
        for (const int refused : refusals) {
            CAPTURE(s.name, refused);
            const found got = open_in(on(refusing(refused)), id, s.pid);
            CHECK(got.error == 0);
            CHECK(got.id == id);
            CHECK(got.cloexec);
            CHECK(got.thread == (s.name == "a thread"));
            check_error(on(refusing(refused)), id, 0, without_hint(refused));
        }
    }
}

TEST_CASE("a wrong hint never opens another process") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    const test_child zombie = test_child::zombie();
    const std::uint64_t id = *c.fd().get_id();
    const sleeping_thread thread;
    for (const int refused : refusals)
        for (const pid_t hint : {other.pid(), zombie.pid(), thread.tid(), getpid(), 1, unused}) {
            CAPTURE(refused, hint);
            check_error(on(refusing(refused)), id, hint, ESRCH);
        }
}

TEST_CASE("a wrong hint does no harm where the kernel opens ids") {
    if (!has(feature::file_handle))
        SKIP_TEST("no file handles of pidfds");
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    for (const pid_t hint : {getpid(), 1, unused}) {
        CAPTURE(hint);
        const found got = open_in({}, id, hint);
        CHECK(got.error == 0);
        CHECK(got.id == id);
    }
}

TEST_CASE("the hint opens a zombie, and does not find a reaped process") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    test_child c = test_child::zombie();
    const std::uint64_t id = *c.fd().get_id();
    check_opened(on(refusing(ENOSYS)), id, c.pid());
    c.reap();
    check_error(on(refusing(ENOSYS)), id, c.pid(), ESRCH);
}

TEST_CASE("the hint is a pid of the caller's own namespace") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    surroundings inside = in_pid_namespace("");
    inside.kernel = refusing(EPERM);
    for (const pid_t hint : {pid_t{1}, c.pid()}) {
        CAPTURE(hint);
        check_error(inside, id, hint, ESRCH);
    }
    check_error(inside, id, 0, without_hint(EPERM));
}

TEST_CASE("without ids in the kernel, a caller without rights is not taken for one in a sandbox") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    constexpr auto no_fd = ~0U;
    // Linux 6.9 and 6.10 check the right before the file descriptor, 6.11 to 6.13 after it.
    const profile before_6_11{
        "6.9", {{SYS_open_by_handle_at, EPERM}, {SYS_name_to_handle_at, EOPNOTSUPP}}};
    const profile before_6_14{"6.11",
                              {{SYS_open_by_handle_at, EBADF, 0, ~0U, no_fd},
                               {SYS_open_by_handle_at, EPERM},
                               {SYS_name_to_handle_at, EOPNOTSUPP}}};
    for (const profile& kernel : {before_6_11, before_6_14}) {
        CAPTURE(kernel.name);
        check_error(on(kernel), id, 0, EOPNOTSUPP);
        check_opened(on(kernel), id, c.pid());
    }
    surroundings here;
    here.uid = 65534;
    if (has(feature::file_handle))
        check_opened(here, id, 0);
    else
        check_error(here, id, 0, EOPNOTSUPP);
    // Without the call that shows what the kernel has, the answer about no fd counts.
    const rule unknown{SYS_name_to_handle_at, EPERM};
    const rule denied{SYS_open_by_handle_at, EPERM};
    const rule on_no_fd{SYS_open_by_handle_at, EBADF, 0, ~0U, no_fd};
    check_error(on({"all refused", {denied, unknown}}), id, 0, ERFKILL);
    check_error(on({"the kernel's", {on_no_fd, denied, unknown}}), id, 0, EOPNOTSUPP);
}

TEST_CASE("the hint needs no right over the process") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    surroundings stranger = on(refusing(ENOSYS));
    stranger.uid = 65534;
    check_opened(stranger, id, c.pid());
}

TEST_CASE("an unexpected error of the kernel is reported, and is not taken for a missing process") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    for (const int error : {ENOMEM, EMFILE, ENFILE, EIO}) {
        CAPTURE(error);
        check_error(on(refusing(error)), id, 0, error);
    }
    // The kernel never returns it.
    check_error(on(refusing(ENOENT)), id, c.pid(), EIO);
    // Nor this, if it has file handles: then the calling process has one.
    if (has(feature::file_handle))
        check_error(on(refusing(ESRCH)), id, c.pid(), EIO);
    else
        check_opened(on(refusing(ESRCH)), id, c.pid());
}

TEST_CASE("a sandbox that refuses pidfd_open too is reported, and no process as gone") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const std::uint64_t id = *c.fd().get_id();
    for (const int error : {EPERM, ENOSYS})
        for (const pid_t hint : {0, c.pid()}) {
            CAPTURE(error, hint);
            surroundings around;
            around.kernel = {"sandbox", {{SYS_open_by_handle_at, error}, {SYS_pidfd_open, error}}};
            check_error(around, id, hint, error == EPERM ? ERFKILL : EOPNOTSUPP);
        }
}

TEST_CASE("the new owner of the hint's pid is not opened, and has an id of its own") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    struct result {
        bool reused;
        int by_old_id;
        bool own_id_differs;
        bool own_id_opens;
    };
    std::vector<profile> kernels{refusing(ENOSYS), refusing(0), refusing(ESTALE)};
    if (has(feature::file_handle))
        kernels.push_back(native());
    for (const profile& kernel : kernels) {
        CAPTURE(kernel.name);
        surroundings around = in_pid_namespace("fresh");
        around.kernel = kernel;
        const auto got = isolated(around, []() -> result {
            const relative old = make_child();
            const std::uint64_t id = pidfd_view(old.fd).get_id().value_or(0);
            kill_made(old.pid);
            waitpid(old.pid, nullptr, 0);
            const pid_t heir = fork_sleeper_with_pid(old.pid);
            if (heir != old.pid || id == 0)
                return {};
            result r{};
            r.reused = true;
            r.by_old_id = error_of(pidfd::from_inode(id, heir));
            const std::uint64_t own = pidfd::from_pid(heir)->get_id().value_or(0);
            r.own_id_differs = own != 0 && own != id;
            const auto again = pidfd::from_inode(own, heir);
            r.own_id_opens = again && again->get_pid().value_or(0) == heir;
            return r; // the heir ends with the pid namespace
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        CHECK(got->by_old_id == ESRCH);
        CHECK(got->own_id_differs);
        CHECK(got->own_id_opens);
    }
}
