// SPDX-License-Identifier: MIT
// The traps of a service that gets pidfds from its clients: see translate_pidfds.hpp.
#include "translate_pidfds.hpp"

#include "support/answers.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct translation {
    int error;
    std::size_t failed;
};

/// Translates a good pidfd and the file descriptor, in this order.
translation after_good_one(int good, int fd) {
    std::size_t failed = 99;
    const auto pids = adopted::translate_pidfds({good, fd}, &failed);
    return {error_of(pids), failed};
}

} // namespace

TEST_CASE("pidfds are translated in their order") {
    const test_child one = test_child::running();
    const test_child other = test_child::running();
    std::size_t failed = 99;
    const auto pids = adopted::translate_pidfds({other.fd().fd(), one.fd().fd()}, &failed);
    REQUIRE(error_of(pids) == 0);
    CHECK(*pids == std::vector<pid_t>{other.pid(), one.pid()});
    CHECK(failed == 99);
}

TEST_CASE("a file, a closed number and a process that was reaped are three errors, and not pid 0") {
    const test_child good = test_child::running();
    const test_child gone = test_child::reaped();
    const unique_fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    constexpr int closed = 9999;
    const struct {
        int fd;
        int error;
    } bad[] = {{file.get(), EBADFD}, {closed, EBADF}, {gone.fd().fd(), ESRCH}};
    for (const auto& b : bad) {
        CAPTURE(b.error);
        const translation last = after_good_one(good.fd().fd(), b.fd);
        CHECK(last.error == b.error);
        CHECK(last.failed == 1);
    }
}

TEST_CASE("a process of another pid namespace is an error of its own") {
    const test_child outside = test_child::running();
    const auto got = isolated(in_pid_namespace("fresh"), [&] {
        const auto self = pidfd::from_self();
        return after_good_one(self->fd(), outside.fd().fd());
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == EREMOTE);
    CHECK(got->failed == 1);
}
