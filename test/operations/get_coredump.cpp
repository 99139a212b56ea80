// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>

using namespace pidfd_util;
using namespace support;

TEST_CASE("get_coredump reports no dump for a process without one, living or reaped") {
    const auto lives = support::test_child::running();
    auto ends = support::test_child::zombie();
    const auto check = [](pidfd_view process) {
        const auto core = process.get_coredump();
        if (!core) {
            CHECK(core.error() == pidfd_errc::unsupported);
            return;
        }
        if (*core)
            CHECK_FALSE((*core)->dumped);
    };
    check(lives.fd());
    check(ends.fd());
    ends.reap();
    const auto gone = ends.fd().get_coredump();
    if (gone && *gone)
        CHECK_FALSE((*gone)->dumped);
    else if (!gone)
        CHECK((gone.error() == pidfd_errc::unsupported || gone.error() == pidfd_errc::not_found));
}

TEST_CASE("get_coredump fails exactly where the kernel does not report core dumps") {
    const auto can_tell = availability_of(feature::coredump_info);
    REQUIRE(can_tell);
    const bool supported = *can_tell == availability::available;
    auto c = support::test_child::zombie();
    for (const char* state : {"zombie", "reaped"}) {
        CAPTURE(state);
        const auto core = c.fd().get_coredump();
        CHECK(core.has_value() == supported);
        if (!core)
            CHECK(core.error() == pidfd_errc::unsupported);
        c.reap();
    }
    CHECK(pidfd::from_self()->get_coredump().has_value() == supported);
}

TEST_CASE("get_coredump is unsupported or forbidden without the ioctl, and refuses a non-pidfd") {
    const auto c = support::test_child::running();
    for (const profile& kernel : all_profiles()) {
        if (kernel.rules.empty()) // leaves PIDFD_GET_INFO alone
            continue;
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const auto core = c.fd().get_coredump();
            return core ? 0 : core.error().value();
        });
        REQUIRE(got);
        CHECK(std::error_code(*got, pidfd_category()) ==
              (kernel.forbids() ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported));
    }
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(pidfd_view(s.fd).get_coredump().error().value() == EBADFD);
    }
    CHECK(pidfd_view(-1).get_coredump().error().value() == EBADF);
}
