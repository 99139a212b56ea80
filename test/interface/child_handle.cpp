// SPDX-License-Identifier: MIT
// child as an owner: what it does when it is empty, moved or destroyed, and what the type system
// forbids. Its waits are tested in operations/child.cpp.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/child.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

using owner = pidfd_util::child;

template <class Handle, class = void>
constexpr bool can_wait_for_changes = false;
template <class Handle>
constexpr bool can_wait_for_changes<
    Handle, std::void_t<decltype(std::declval<Handle&>().wait_change(wait_flags::exited))>> = true;

// An operation that takes the status away from its owner cannot be called by mistake.
static_assert(std::is_base_of_v<pidfd_operations, owner>);
static_assert(!can_wait_for_changes<owner> && can_wait_for_changes<pidfd_view>);
static_assert(!std::is_convertible_v<owner&, pidfd_view> && !std::is_copy_constructible_v<owner>);

} // namespace

TEST_CASE("an empty child fails with EBADF, and works once it owns one") {
    owner c;
    CHECK_FALSE(c);
    CHECK(c.fd() == -1);
    CHECK(c.wait().error().value() == EBADF);
    CHECK(c.try_wait().error().value() == EBADF);
    CHECK(c.wait_for(1h).error().value() == EBADF);
    CHECK(c.stop().error().value() == EBADF);
    c = exiting(39);
    CHECK(c);
    CHECK(c.wait()->code() == 39);
}

TEST_CASE("moving a child moves its status as well, and leaves an empty child") {
    owner a = exiting(40);
    CHECK(a.wait()->code() == 40);
    owner b = std::move(a);
    CHECK(a.wait().error().value() == EBADF); // NOLINT: what is left behind is the point
    CHECK_FALSE(a.status());
    CHECK(b.status()->code() == 40);
    owner c = exiting(41);
    c = std::move(b);
    CHECK(c.wait()->code() == 40);
    CHECK_FALSE(b); // NOLINT
    owner& same = c;
    c = std::move(same);
    CHECK(c.wait()->code() == 40);
    const pidfd released = c.release();
    CHECK(released.fd() >= 0);
    CHECK_FALSE(c);
    CHECK_FALSE(c.status());
    while (waitpid(-1, nullptr, 0) > 0) { // the one that was assigned over
    }
}

TEST_CASE("a child that is destroyed is neither killed nor reaped, and its pidfd is closed") {
    const int fds = count_fds();
    int fd = -1;
    const pid_t pid = fork_sleeping(fd);
    REQUIRE(pid > 0);
    { const owner c = owner_of(fd); }
    CHECK(count_fds() == fds);
    CHECK(waitpid(pid, nullptr, WNOHANG) == 0);
    REQUIRE(kill(pid, SIGKILL) == 0);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(status == SIGKILL);
}
