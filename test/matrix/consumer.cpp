// SPDX-License-Identifier: MIT
// A program that uses the library: a success and a failure of every kind of result.
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <type_traits>
#include <unistd.h>

#ifdef EXPECT_STD
#include <expected>
static_assert(std::is_same_v<pidfd_util::expected<int>, std::expected<int, std::error_code>>);
#endif
#ifdef EXPECT_TL
#include <tl/expected.hpp>
static_assert(std::is_same_v<pidfd_util::expected<int>, tl::expected<int, std::error_code>>);
#endif

namespace {

int failures = 0;

void check(bool right, const char* what) {
    if (!right) {
        std::fprintf(stderr, "wrong: %s\n", what);
        ++failures;
    }
}

} // namespace

int main() {
    using namespace pidfd_util;
    const auto self = pidfd::from_self();
    check(self.has_value(), "a pidfd of oneself");
    if (!self)
        return 1;
    check(self->get_pid() == getpid(), "the pid");
    const auto creds = self->get_creds();
    check(creds && creds->euid == geteuid(), "the credentials");
    check(self->send_signal(0).has_value(), "signal 0");
    const auto none = pidfd_view(-1).get_pid();
    check(!none && none.error() == std::errc::bad_file_descriptor, "the error of an empty view");
    const auto no_child = self->try_wait();
    check(!no_child && no_child.error().value() == ECHILD, "the error of a wait");
    const auto comm = self->access_proc([](int dir) { return faccessat(dir, "comm", R_OK, 0); });
    check(comm && *comm == 0, "a file of /proc/PID");
    return failures == 0 ? 0 : 1;
}
