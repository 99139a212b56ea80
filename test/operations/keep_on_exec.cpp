// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"

#include <pidfd_util/operations.hpp>

#include <cerrno>
#include <fcntl.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

TEST_CASE("keep_on_exec reports a filter that leaves the close-on-exec flag as it is") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, ENOSYS, 0}) {
        CAPTURE(error);
        const auto got = isolated(on({"no F_SETFD", {{uapi::sys_fcntl, error, 1, ~0U, F_SETFD}}}),
                                  [&] { return error_of(c.fd().keep_on_exec()); });
        REQUIRE(got);
        CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
    }
}

TEST_CASE("keep_on_exec fails if it cannot find out that the flag is cleared") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, ENOSYS, 0}) {
        CAPTURE(error);
        // The flag stays set in the second case, which looks like a success.
        for (const bool set : {true, false}) {
            std::vector<rule> rules{{uapi::sys_fcntl, error, 1, ~0U, F_GETFD}};
            if (!set)
                rules.push_back({uapi::sys_fcntl, 0, 1, ~0U, F_SETFD});
            const auto got = isolated(on({"no F_GETFD", std::move(rules)}),
                                      [&] { return error_of(c.fd().keep_on_exec()); });
            REQUIRE(got);
            CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
        }
    }
}

TEST_CASE("keep_on_exec leaves what is not a pidfd as it is") {
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        REQUIRE(has_cloexec(s.fd));
        CHECK(error_of(pidfd_view(s.fd).keep_on_exec()) == EBADFD);
        CHECK(has_cloexec(s.fd));
    }
    CHECK(error_of(pidfd_view().keep_on_exec()) == EBADF);
}
