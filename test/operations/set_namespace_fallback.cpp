// SPDX-License-Identifier: MIT
// set_namespace before Linux 5.8, where setns takes no pidfd and the path goes through /proc.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/entering.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// Makes setns refuse the target and the pidfd that the library opens for its probe, and accept
/// only file descriptors of namespaces.
bool refuse_pidfds(int target) {
    const auto probes = static_cast<std::uint32_t>(lowest_free_fd());
    return install({{SYS_setns, EINVAL, 0, ~0U, static_cast<std::uint32_t>(target)},
                    {SYS_setns, EINVAL, 0, ~0U, probes}});
}

} // namespace

TEST_CASE("set_namespace before Linux 5.8 enters one namespace through /proc") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    for (const namespace_flags flag : {namespace_flags::uts, namespace_flags::ipc}) {
        CAPTURE(static_cast<unsigned>(flag));
        const auto got = isolated(
            {}, [&] { return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), flag) : entering{}; });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK((got->after.inode[uts] != got->before.inode[uts]) == (flag == namespace_flags::uts));
        CHECK((got->after.inode[ipc] != got->before.inode[ipc]) == (flag == namespace_flags::ipc));
    }
}

TEST_CASE("set_namespace before Linux 5.8 of several is unsupported, and enters none of them") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    const auto got = isolated({}, [&] {
        return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), several_flags) : entering{};
    });
    REQUIRE(got);
    CHECK(got->error == EOPNOTSUPP);
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace before Linux 5.8 also distinguishes the errors") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const test_child* c : {&zombie, &reaped}) {
        CAPTURE(c == &zombie);
        const auto got = isolated({}, [&] {
            return refuse_pidfds(c->fd().fd()) ? enter(c->fd().fd(), namespace_flags::uts)
                                               : entering{};
        });
        REQUIRE(got);
        CHECK(got->error == ESRCH);
    }
    const test_child c = test_child::running();
    const auto own_user_namespace = isolated({}, [&] {
        return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), namespace_flags::user) : entering{};
    });
    REQUIRE(own_user_namespace);
    CHECK(own_user_namespace->error == EINVAL);
    surroundings unprivileged;
    if (geteuid() == 0)
        unprivileged.uid = 65534;
    const auto own = isolated(unprivileged, [] {
        const auto self = pidfd::from_self();
        return refuse_pidfds(self->fd()) ? enter(self->fd(), namespace_flags::uts) : entering{};
    });
    REQUIRE(own);
    CHECK(own->error == EPERM);
}
