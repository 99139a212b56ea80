// SPDX-License-Identifier: MIT
// The first example of the README.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/program.hpp"
#include "support/seccomp.hpp"

#include <pidfd_util/error.hpp>

#include <cerrno>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

using namespace support;

namespace {

constexpr int no_filter = 99;

finished quickstart([[maybe_unused]] preparation prepare = nullptr) {
#ifdef QUICKSTART
    return run({}, QUICKSTART, {}, prepare);
#else
    return {{}, {}, -1, "the examples are not built"};
#endif
}

void refuse_clone() {
    setenv("ASAN_OPTIONS", "detect_leaks=0", 1); // the search for leaks calls clone
    if (!install({{SYS_clone, EPERM}, {SYS_clone3, EPERM}}))
        _exit(no_filter);
}

} // namespace

TEST_CASE(
    "quickstart prints its child's exit code, and cannot signal the child once it has ended") {
    const auto got = quickstart();
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 0);
    CHECK(got.err.empty());
    CHECK(got.out == "exit code 3\nkill: no such process: it has ended\n");
}

TEST_CASE("quickstart prints why it cannot start its child") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const auto got = quickstart(refuse_clone);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    if (got.status == no_filter)
        SKIP_TEST("no seccomp filters here");
    CHECK(got.status == 1);
    CHECK(got.out.empty());
    const std::error_code refused(ERFKILL, pidfd_util::pidfd_category());
    CHECK(got.err == "cannot start it: " + refused.message() + "\n");
}
