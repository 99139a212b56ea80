// SPDX-License-Identifier: MIT
// Listing processes with too few file descriptors.
#ifndef PIDFD_UTIL_TEST_LISTING_LIMITS_HPP
#define PIDFD_UTIL_TEST_LISTING_LIMITS_HPP

#include "catch.hpp"
#include "error_of.hpp"
#include "fds.hpp"
#include "isolated.hpp"
#include "nested.hpp"

#include <pidfd_util/listing.hpp>
#include <pidfd_util/pidfd.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

namespace support {

/// Checks that `list(storage)` fails with EMFILE and leaves nothing open if fewer than `enough` file
/// descriptors are left. The caller has `children` children, so that there are more processes.
template <class List>
void check_listing_without_fds(int enough, int children, List list) {
    for (int left = 0; left < enough; ++left) {
        CAPTURE(left);
        struct facts {
            int error;
            bool same;
            bool empty;
        };
        const auto got = isolated({}, [=] {
            facts f{};
            for (int i = 0; i < children; ++i)
                make_child();
            const auto self = pidfd_util::pidfd::from_self();
            leave_fds(left);
            const int before = open_fds();
            std::array<pidfd_util::pidfd, 64> all;
            const auto listed = list(*self, all);
            f.error = error_of(listed);
            f.same = open_fds() == before;
            f.empty = std::none_of(all.begin(), all.end(),
                                   [](const pidfd_util::pidfd& p) { return bool(p); });
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == EMFILE);
        CHECK(got->same);
        CHECK(got->empty);
    }
}

} // namespace support

#endif
