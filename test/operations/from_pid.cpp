// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/opened.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

surroundings refusing_pidfd_open(int error) {
    surroundings around;
    around.kernel = {"no pidfd_open", {{SYS_pidfd_open, error}}};
    return around;
}

} // namespace

TEST_CASE("from_self opens the calling process") {
    struct result {
        opened got;
        pid_t self;
    };
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        const auto r = isolated(on(kernel), [] {
            return result{look_at(pidfd::from_self()), getpid()};
        });
        REQUIRE(r);
        CHECK(r->got.error == 0);
        CHECK(r->got.pid == r->self);
        CHECK(r->got.cloexec);
    }
}

TEST_CASE("from_self in a forked child opens the child, not its parent") {
    const auto before = pidfd::from_self();
    REQUIRE(before);
    const auto is_other = isolated({}, [&] {
        const auto self = pidfd::from_self();
        return self && self->get_pid().value_or(0) == getpid() &&
               before->get_pid().value_or(0) == getppid();
    });
    REQUIRE(is_other);
    CHECK(*is_other);
}

TEST_CASE("from_pid opens every living process, without any right over it") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const opened got = look_at(pidfd::from_pid(s.pid));
        if (s.name == "a thread") {
            CHECK(got.error == ENOENT);
            continue;
        }
        CHECK(got.error == 0);
        CHECK(got.pid == s.pid);
        CHECK(got.cloexec);
        surroundings stranger;
        stranger.uid = 65534;
        const auto as_stranger =
            isolated(stranger, [&] { return look_at(pidfd::from_pid(s.pid)); });
        if (as_stranger)
            CHECK(as_stranger->error == 0);
    }
}

TEST_CASE("from_pid opens a zombie") {
    const test_child c = test_child::zombie();
    const opened got = look_at(pidfd::from_pid(c.pid()));
    CHECK(got.error == 0);
    CHECK(got.pid == c.pid());
}

TEST_CASE("from_pid of pids that no process can have is an invalid argument") {
    for (const profile& kernel : all_profiles()) {
        for (const pid_t pid : {0, -1, std::numeric_limits<pid_t>::min()}) {
            CAPTURE(kernel.name, pid);
            const auto got = isolated(on(kernel), [&] { return look_at(pidfd::from_pid(pid)); });
            REQUIRE(got);
            CHECK(got->error == EINVAL);
        }
    }
}

TEST_CASE("from_pid of an unused pid says that there is no such process") {
    const auto got = pidfd::from_pid(std::numeric_limits<pid_t>::max());
    REQUIRE_FALSE(got);
    CHECK(got.error() == pidfd_errc::not_found);
    CHECK(got.error() == std::errc::no_such_process);
}

TEST_CASE("from_pid of a reaped child says that there is no such process") {
    // In a separate pid namespace, where no other process gets the pid meanwhile.
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    const auto got = isolated(around, [] {
        const pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        const bool before = pidfd::from_pid(pid).has_value();
        waitpid(pid, nullptr, 0);
        const auto after = pidfd::from_pid(pid);
        return before && !after && after.error() == pidfd_errc::not_found;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got);
}

TEST_CASE(
    "from_pid of a process that is gone, but whose session still exists, reports that it is gone") {
    // A daemon that forks twice leaves such a number behind: its session has the id of its first
    // child.
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t leader = fork();
    if (leader == 0) {
        setsid();
        if (fork() == 0) {
            char byte = 0;
            close(ends[1]);
            (void)!read(ends[0], &byte, 1); // until the test ends
        }
        _exit(0);
    }
    close(ends[0]);
    REQUIRE(waitpid(leader, nullptr, 0) == leader);
    // The number cannot be given to another process meanwhile.
    CHECK(error_of(pidfd::from_pid(leader)) == ESRCH);
    close(ends[1]);
}

TEST_CASE("from_pid refuses the id of a thread that is not its process's first, on every kernel") {
    for (const subject& s : living()) {
        if (s.name != "a thread")
            continue;
        CHECK(error_of(pidfd::from_pid(s.pid)) == ENOENT);
        // Before Linux 6.16 the kernel itself returned EINVAL.
        surroundings before;
        before.kernel = {"6.15",
                         {{SYS_pidfd_open, EINVAL, 0, ~0U, static_cast<std::uint32_t>(s.pid)}}};
        const auto got = isolated(before, [&] { return error_of(pidfd::from_pid(s.pid)); });
        REQUIRE(got);
        CHECK(*got == ENOENT);
        return;
    }
    SKIP_TEST("this kernel has no PIDFD_THREAD");
}

TEST_CASE("from_pid returns even if every pidfd_open fails with EINVAL") {
    const auto got = isolated(refusing_pidfd_open(EINVAL), [] {
        return std::array<int, 2>{error_of(pidfd::from_pid(getpid())),
                                  error_of(pidfd::from_self())};
    });
    REQUIRE(got);
    CHECK((*got)[0] == ENOENT);
    CHECK((*got)[1] == EIO); // which the kernel never returns for the calling process
}

TEST_CASE("from_pid reports a sandbox that refuses pidfd_open") {
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        const auto got = isolated(refusing_pidfd_open(error), [] {
            const auto self = pidfd::from_self();
            const auto one = pidfd::from_pid(1);
            return !self && self.error() == pidfd_errc::forbidden_by_sandbox && !one &&
                   one.error() == pidfd_errc::forbidden_by_sandbox &&
                   one.error() != pidfd_errc::unsupported;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE("from_pid without pidfd_open is unsupported") {
    const auto got = isolated(refusing_pidfd_open(ENOSYS), [] {
        const auto self = pidfd::from_self();
        return !self && self.error() == pidfd_errc::unsupported &&
               self.error() == std::errc::function_not_supported;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("from_pid never mistakes a filter's success without a file descriptor for fd 0") {
    struct result {
        bool unsupported;
        bool zero_is_open;
    };
    const auto got = isolated(refusing_pidfd_open(0), [] {
        bool unsupported = false;
        {
            const auto self = pidfd::from_self();
            unsupported = !self && self.error() == pidfd_errc::unsupported;
        }
        return result{unsupported, is_open(STDIN_FILENO)};
    });
    REQUIRE(got);
    CHECK(got->unsupported);
    CHECK(got->zero_is_open == is_open(STDIN_FILENO));
}

TEST_CASE("from_pid may return fd 0") {
    const auto got = isolated({}, [] {
        close(STDIN_FILENO);
        const auto self = pidfd::from_self();
        return self && *self && self->fd() == 0 && self->get_pid().value_or(0) == getpid();
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE(
    "from_pid without a free file descriptor fails with EMFILE, and works once there is one") {
    struct result {
        int full;
        int with_one;
    };
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [] {
        fill_fds(0);
        const int full = error_of(pidfd::from_self());
        close(63);
        return result{full, error_of(pidfd::from_self())};
    });
    REQUIRE(got);
    CHECK(got->full == EMFILE);
    CHECK(got->with_one == 0);
}
