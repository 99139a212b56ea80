// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

std::uint64_t as_number(rlim_t limit) {
    return limit == RLIM_INFINITY ? UINT64_MAX : limit;
}

} // namespace

TEST_CASE("get_limit returns every limit of a process as prlimit does") {
    const test_child c = test_child::ready([] {
        const rlimit core{1234, 56789};
        const rlimit files{64, 65};
        return setrlimit(RLIMIT_CORE, &core) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
    });
    REQUIRE(c.prepared());
    for (int resource = 0; resource < 16; ++resource) {
        CAPTURE(resource);
        rlimit right{};
        REQUIRE(prlimit(c.pid(), static_cast<decltype(RLIMIT_CORE)>(resource), nullptr, &right) ==
                0);
        const auto got = c.fd().get_limit(resource);
        REQUIRE(got);
        CHECK(got->resource == resource);
        CHECK(got->limit.soft == as_number(right.rlim_cur));
        CHECK(got->limit.hard == as_number(right.rlim_max));
    }
    CHECK(c.fd().get_limit(RLIMIT_CORE)->limit.soft == 1234);
}

TEST_CASE("get_limit of another user's process needs no right") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return error_of(c.fd().get_limit(RLIMIT_NOFILE)); });
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("get_limit refuses a resource that does not exist") {
    const test_child c = test_child::running();
    for (const int resource : {-1, 16, 17, 1000}) {
        CAPTURE(resource);
        CHECK(error_of(c.fd().get_limit(resource)) == EINVAL);
    }
}
