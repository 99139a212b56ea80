// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// A number under which only the child has the file.
constexpr int remote = 300;

/// A child that has `file` under the number `remote`.
test_child owner_of(int file) {
    return test_child::ready([file] { return dup2(file, remote) == remote; });
}

unique_fd seekable_file() {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    const int fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    std::fclose(file);
    return unique_fd(fd);
}

surroundings refusing(int error) {
    surroundings around;
    around.kernel = {"no pidfd_getfd", {{SYS_pidfd_getfd, error}}};
    return around;
}

/// The surroundings of a user without capabilities, whose rights over a process depend on its
/// owner.
surroundings unprivileged() {
    surroundings around;
    if (geteuid() == 0)
        around.uid = 65534;
    return around;
}

} // namespace

TEST_CASE("get_remote_fd duplicates the open file description of the process") {
    const unique_fd file = seekable_file();
    const test_child c = owner_of(file.get());
    REQUIRE(c.prepared());
    REQUIRE_FALSE(is_open(remote));
    const auto copy = c.fd().get_remote_fd(remote);
    if (!copy && copy.error() == pidfd_errc::unsupported)
        SKIP_TEST("this kernel has no pidfd_getfd");
    REQUIRE(copy);
    CHECK(same_description(copy->get(), file.get()));
    CHECK(has_cloexec(copy->get()));
}

TEST_CASE("get_remote_fd duplicates a file descriptor of the caller itself") {
    const unique_fd file = seekable_file();
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto copy = self->get_remote_fd(file.get());
    if (!copy && copy.error() == pidfd_errc::unsupported)
        SKIP_TEST("this kernel has no pidfd_getfd");
    REQUIRE(copy);
    CHECK(copy->get() != file.get());
    CHECK(same_description(copy->get(), file.get()));
}

TEST_CASE("get_remote_fd of a number that is not open in the process fails with EBADF") {
    if (availability_of(feature::pidfd_getfd) != availability::available)
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child c = test_child::running();
    for (const int target :
         {-1, remote, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
        CAPTURE(target);
        const auto copy = c.fd().get_remote_fd(target);
        REQUIRE_FALSE(copy);
        CHECK(copy.error().value() == EBADF);
        CHECK(copy.error() != pidfd_errc::not_a_pidfd);
    }
}

TEST_CASE(
    "get_remote_fd of another user's process is EPERM, and not reported as a sandbox's refusal") {
    if (availability_of(feature::pidfd_getfd) != availability::available)
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child c = test_child::running();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return error_of(c.fd().get_remote_fd(0)); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EPERM);
}

TEST_CASE("get_remote_fd of a process of the same user that is not dumpable is not permitted") {
    if (availability_of(feature::pidfd_getfd) != availability::available)
        SKIP_TEST("this kernel has no pidfd_getfd");
    struct result {
        int dumpable;
        int undumpable;
    };
    const auto with_dumpable = [](int dumpable) {
        int ready[2];
        if (pipe2(ready, O_CLOEXEC) != 0)
            return -1;
        const pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_DUMPABLE, dumpable);
            (void)!write(ready[1], "r", 1);
            for (;;)
                pause();
        }
        char byte = 0;
        (void)!read(ready[0], &byte, 1);
        const auto fd = pidfd::from_pid(pid);
        const int error = fd ? error_of(fd->get_remote_fd(ready[1])) : -1;
        kill_made(pid);
        waitpid(pid, nullptr, 0);
        return error;
    };
    const auto got = isolated(unprivileged(), [&] {
        return result{with_dumpable(1), with_dumpable(0)};
    });
    REQUIRE(got);
    if (got->dumpable == EPERM)
        SKIP_TEST("a policy keeps processes from tracing even their children");
    CHECK(got->dumpable == 0);
    CHECK(got->undumpable == EPERM);
}

TEST_CASE("get_remote_fd of a process that has ended says that it is gone") {
    if (availability_of(feature::pidfd_getfd) != availability::available)
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const int target : {0, remote}) {
        CAPTURE(target);
        CHECK(error_of(zombie.fd().get_remote_fd(target)) == ESRCH);
        CHECK(error_of(reaped.fd().get_remote_fd(target)) == ESRCH);
    }
}

TEST_CASE(
    "get_remote_fd of a process that is being killed returns the file or reports that it is gone") {
    // Before Linux 6.9, the kernel returns EBADF for a process that has closed its files and has
    // not ended yet.
    if (availability_of(feature::pidfs) != availability::available)
        SKIP_TEST("Linux before 6.9 does not distinguish these cases");
    for (int i = 0; i < 50; ++i) {
        const test_child c = test_child::running();
        REQUIRE(c.fd().kill());
        int error = 0;
        while (error == 0)
            error = error_of(c.fd().get_remote_fd(0));
        CHECK(error == ESRCH);
    }
}

TEST_CASE("get_remote_fd refuses a file descriptor that is not a pidfd") {
    for (const profile& kernel : {native(), linux_5_10(), linux_6_12()}) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got =
                isolated(around, [&] { return error_of(pidfd_view(s.fd).get_remote_fd(0)); });
            REQUIRE(got);
            if (*got == ENOSYS)
                SKIP_TEST("this kernel has no pidfd_getfd");
            CHECK(*got == EBADFD);
        }
    }
    CHECK(error_of(pidfd_view().get_remote_fd(0)) == EBADF);
    CHECK(error_of(pidfd_view(999).get_remote_fd(0)) == EBADF);
}

TEST_CASE("get_remote_fd reports a sandbox that refuses it") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        const auto got =
            isolated(refusing(error), [&] { return error_of(c.fd().get_remote_fd(0)); });
        REQUIRE(got);
        CHECK(*got == ERFKILL);
    }
}

TEST_CASE("get_remote_fd without the system call is unsupported") {
    const test_child c = test_child::running();
    const auto got = isolated(refusing(ENOSYS), [&] {
        const auto copy = c.fd().get_remote_fd(0);
        return !copy && copy.error() == pidfd_errc::unsupported;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("get_remote_fd never mistakes a filter's success without a file descriptor for fd 0") {
    const test_child c = test_child::running();
    const auto got = isolated(refusing(0), [&] {
        const bool before = is_open(STDIN_FILENO);
        const bool unsupported = error_of(c.fd().get_remote_fd(0)) == ENOSYS;
        return unsupported && is_open(STDIN_FILENO) == before;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("get_remote_fd without a free file descriptor fails with EMFILE") {
    if (availability_of(feature::pidfd_getfd) != availability::available)
        SKIP_TEST("this kernel has no pidfd_getfd");
    const test_child c =
        test_child::ready([] { return dup2(open("/dev/null", O_RDONLY), remote) == remote; });
    REQUIRE(c.prepared());
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [&] {
        fill_fds(0);
        return error_of(c.fd().get_remote_fd(remote));
    });
    REQUIRE(got);
    CHECK(*got == EMFILE);
}
