// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <pidfd_util/version.hpp>

using namespace pidfd_util;

TEST_CASE("the version of the headers is a number that #if can compare") {
#if PIDFD_UTIL_VERSION < 100 || PIDFD_UTIL_VERSION_MAJOR > 0
    FAIL("0.1.0 is 100");
#endif
    CHECK(PIDFD_UTIL_VERSION % 100 == PIDFD_UTIL_VERSION_PATCH);
    CHECK(PIDFD_UTIL_VERSION / 100 % 100 == PIDFD_UTIL_VERSION_MINOR);
    CHECK(PIDFD_UTIL_VERSION / 10000 == PIDFD_UTIL_VERSION_MAJOR);
}

TEST_CASE("the library states its own version") {
    CHECK(library_version() == PIDFD_UTIL_VERSION);
}
