// SPDX-License-Identifier: MIT
// A system call has some errnos for one kind of file only. For another kind, a filter has made them
// up, and they are not taken for an answer.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/identity.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <sys/syscall.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// The errors of operations that read /proc.
struct errors {
    int comm;
    int creds;
    int ppid;
    int state;
    int boot;
    int uts;
};

/// Asks on the paths for Linux 5.10, where the call fails with the errno.
errors ask(const test_child& c, const rule& failing) {
    surroundings around = on(linux_5_10());
    around.kernel.rules.insert(around.kernel.rules.begin(), failing);
    const auto got = isolated(around, [&] {
        char name[16];
        return errors{
            error_of(c.fd().get_comm(name)), error_of(c.fd().get_creds()),
            error_of(c.fd().get_ppid()),     error_of(c.fd().get_state()),
            error_of(get_boot_id()),         error_of(c.fd().get_namespace(namespace_type::uts))};
    });
    REQUIRE(got);
    return *got;
}

} // namespace

TEST_CASE("what read returns for files of cgroups is no answer about a process") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    for (const int error : {ENODEV, EOPNOTSUPP, ECONNRESET, EISDIR}) {
        CAPTURE(error);
        const errors got = ask(c, {SYS_read, error});
        CHECK(got.comm == EIO);
        CHECK(got.creds == EIO);
        CHECK(got.ppid == EIO);
        CHECK(got.state == EIO);
        CHECK(got.boot == EIO);
    }
}

TEST_CASE(
    "what statx and readlinkat return for files of processes is no answer about a namespace") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    for (const int error : {ESRCH, ENOENT, EBADF}) {
        CAPTURE(error);
        const int got = ask(c, {SYS_statx, error}).uts;
        // Without openat2, every file of /proc is asked, which can be hidden: ENOENT.
        CHECK((got == EIO || (error == ENOENT && got == EOPNOTSUPP)));
    }
    for (const int error : {ENOTDIR, ELOOP})
        CHECK(ask(c, {SYS_readlinkat, error}).uts == EIO);
}

TEST_CASE("an errno that openat has for other paths is no answer about a process") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    for (const int error : {ESRCH, ENAMETOOLONG, ENODEV, ERFKILL}) {
        CAPTURE(error);
        const errors got = ask(c, {SYS_openat, error});
        CHECK(got.comm == EIO);
        CHECK(got.creds == EIO);
        CHECK(got.state == EIO);
        CHECK(got.boot == EIO);
        CHECK(got.uts == EIO);
    }
}
