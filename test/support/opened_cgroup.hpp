// SPDX-License-Identifier: MIT
// The library's handle of a cgroup that was made for a test.
#ifndef PIDFD_UTIL_TEST_OPENED_CGROUP_HPP
#define PIDFD_UTIL_TEST_OPENED_CGROUP_HPP

#include "catch.hpp"
#include "cgroups.hpp"

#include <pidfd_util/cgroup.hpp>

#include <utility>

namespace support {

using handle = pidfd_util::cgroup;

inline handle open_made(const test_cgroup& made) {
    auto opened = handle::open(made.path().c_str());
    REQUIRE(opened);
    return std::move(*opened);
}

} // namespace support

#endif
