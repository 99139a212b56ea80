// SPDX-License-Identifier: MIT
// Operations on a closed file descriptor whose number the kernel gives out next. The paths through
// /proc open files, and must not mistake one of these for the caller's file descriptor.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

by_operation<int> ask_about_a_closed_fd() {
    if (const auto self = pidfd::from_self())
        (void)self->get_info(); // the paths that are missing are known from here on
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    by_operation<int> errors{};
    for (const operation_row& o : operation_table())
        if (o.kind == role::about_process)
            errors[o] = attempt(o, pidfd_view(next));
    return errors;
}

} // namespace

TEST_CASE("every operation on a closed file descriptor fails with EBADF, even if its number is "
          "used next") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), ask_about_a_closed_fd);
        REQUIRE(got);
        for (const operation_row& o : operation_table()) {
            if (o.kind != role::about_process || o.bad_argument)
                continue;
            const int error = (*got)[o];
            CAPTURE(o.name, error);
            // A sandbox refuses a call whatever its arguments are.
            CHECK((error == EBADF || (o.proc == proc_use::none && refused(error))));
        }
    }
}
