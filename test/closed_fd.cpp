// SPDX-License-Identifier: MIT
// A closed file descriptor whose number is the next that the kernel gives out: the paths through
// /proc open files of their own, and must not take one of those for what was asked about.
#include "support/catch.hpp"
#include "support/isolated.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct errors {
    int pid, ppid, creds, cgroupid, info, ns, proc;
};

template <class T>
int error_of(const expected<T>& result) {
    return result ? 0 : result.error().value();
}

errors ask_about_a_closed_fd() {
    if (const auto self = pidfd::from_self())
        (void)self->get_info(); // the paths that are missing are known from here on
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    const pidfd_view view(next);
    return {error_of(view.get_pid()),   error_of(view.get_ppid()),
            error_of(view.get_creds()), error_of(view.get_cgroupid()),
            error_of(view.get_info()),  error_of(view.get_namespace(namespace_type::uts)),
            error_of(view.open_proc())};
}

} // namespace

TEST_CASE("a closed file descriptor is a bad one also if its number is the next to be given out") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, ask_about_a_closed_fd);
        REQUIRE(got);
        CHECK(got->pid == EBADF);
        CHECK(got->ppid == EBADF);
        CHECK(got->creds == EBADF);
        CHECK(got->cgroupid == EBADF);
        CHECK(got->info == EBADF);
        CHECK(got->ns == EBADF);
        CHECK(got->proc == EBADF);
    }
}
