// SPDX-License-Identifier: MIT
// The traps of a debugger that copies file descriptors: see judge_copy.hpp.
#include "judge_copy.hpp"

#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using adopted::copy_failure;
using namespace pidfd_util;
using namespace support;

namespace {

/// A number under which only the child has a file.
constexpr int remote = 300;

test_child owner() {
    return test_child::ready([] { return dup2(STDERR_FILENO, remote) == remote; });
}

/// The failure of the copy, or -1 if there is a copy.
int copy(pidfd_view process, int fd) {
    const auto made = process.get_remote_fd(fd);
    return made ? -1 : static_cast<int>(adopted::judge_copy(made.error()));
}

int copy_where(int error, pidfd_view process) {
    surroundings around;
    around.kernel = {"no pidfd_getfd", {{SYS_pidfd_getfd, error}}};
    const auto got = isolated(around, [=] { return copy(process, remote); });
    return got ? *got : -1;
}

bool has_copies() {
    const auto self = pidfd::from_self();
    return self && self->get_remote_fd(STDERR_FILENO).has_value();
}

} // namespace

TEST_CASE("a copy that fails says whether the file descriptor or the process is gone") {
    if (!has_copies())
        SKIP_TEST("this kernel has no pidfd_getfd");
    test_child target = owner();
    REQUIRE(target.prepared());
    CHECK(copy(target.fd(), remote) == -1);
    CHECK(copy(target.fd(), remote + 1) == static_cast<int>(copy_failure::fd_closed));
    REQUIRE(target.fd().kill());
    target.wait_for_end();
    CHECK(copy(target.fd(), remote) == static_cast<int>(copy_failure::process_gone));
    target.reap();
    CHECK(copy(target.fd(), remote) == static_cast<int>(copy_failure::process_gone));
}

TEST_CASE("a copy that a sandbox or the kernel lacks is left to sendmsg, and never an assertion") {
    if (!has_copies())
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child target = owner();
    REQUIRE(target.prepared());
    for (const int error : {ENOSYS, EPERM}) {
        CAPTURE(error);
        const auto got = copy_where(error, target.fd());
        CHECK(got == static_cast<int>(copy_failure::use_sendmsg));
    }
}

TEST_CASE("a copy from another user's process is not permitted") {
    if (!has_copies())
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child target = owner();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return copy(target.fd(), remote); });
    if (!got || geteuid() != 0)
        SKIP_TEST("this user cannot become another one");
    CHECK(*got == static_cast<int>(copy_failure::not_permitted));
}

TEST_CASE("a copy at the limit of file descriptors says so") {
    if (!has_copies())
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child target = owner();
    const auto got = isolated({}, [&] {
        leave_fds(0);
        return copy(target.fd(), remote);
    });
    REQUIRE(got);
    CHECK(*got == static_cast<int>(copy_failure::no_free_fd));
}
