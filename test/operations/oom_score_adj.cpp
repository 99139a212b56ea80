// SPDX-License-Identifier: MIT
// get_oom_score_adj and set_oom_score_adj.
#include "support/answers.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("set_oom_score_adj sets what get_oom_score_adj returns, on every kernel") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const test_child c = test_child::running();
        for (const int value : {998, 999, 1000}) {
            const auto got = isolated(on(kernel), [&] {
                const int error = error_of(c.fd().set_oom_score_adj(value));
                return error != 0 ? -error : c.fd().get_oom_score_adj().value_or(-1);
            });
            REQUIRE(got);
            CHECK(*got == value);
        }
    }
}

TEST_CASE("set_oom_score_adj refuses an adjustment that the kernel does not have") {
    const test_child c = test_child::running();
    const auto before = c.fd().get_oom_score_adj();
    for (const int value : {-1001, 1001, 2000000000, -2000000000})
        CHECK(error_of(c.fd().set_oom_score_adj(value)) == EINVAL);
    CHECK(c.fd().get_oom_score_adj() == before);
}

TEST_CASE("set_oom_score_adj changes no process of another user, and lowers only with the right") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running();
    const auto before = c.fd().get_oom_score_adj();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] {
        struct {
            int foreign, lower;
        } e{};
        e.foreign = error_of(c.fd().set_oom_score_adj(1000));
        e.lower = error_of(pidfd::from_self()->set_oom_score_adj(-1000));
        return e;
    });
    REQUIRE(got);
    CHECK(got->foreign == EACCES);
    CHECK(got->lower == EACCES);
    CHECK(c.fd().get_oom_score_adj() == before);
}

TEST_CASE("set_oom_score_adj of a process that is gone, or in a sandbox, changes nothing") {
    test_child c = test_child::running();
    for (const int error : {EPERM, EACCES, 0, ENOSYS}) {
        CAPTURE(error);
        const auto got =
            isolated(on({"no writing", {{SYS_write, error, 2, ~0U, 3}}}), [&] { // 3 bytes
                return error_of(c.fd().set_oom_score_adj(999));
            });
        REQUIRE(got);
        CHECK(*got == (error == EPERM || error == EACCES ? ERFKILL : ENOSYS));
    }
    c.reap();
    CHECK(error_of(c.fd().set_oom_score_adj(1000)) == ESRCH);
}
