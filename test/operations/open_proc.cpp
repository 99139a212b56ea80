// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct directory_answer {
    int error;
    pid_t pid; // of the directory's process, as its /proc shows it
    bool cloexec;
};

directory_answer ask(int fd) {
    const auto dir = pidfd_view(fd).open_proc();
    if (!dir)
        return {dir.error().value(), 0, false};
    const std::string status = read_file_at(dir->get(), "status");
    return {0, std::atoi(field(status, "Pid:").c_str()),
            (fcntl(dir->get(), F_GETFD) & FD_CLOEXEC) != 0};
}

surroundings under(const profile& kernel) {
    surroundings around;
    around.kernel = kernel;
    return around;
}

} // namespace

TEST_CASE("open_proc opens the directory of the right process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(under(kernel), [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->pid == s.pid);
            CHECK(got->cloexec);
        }
    }
}

TEST_CASE("open_proc of a zombie opens its directory") {
    const test_child c = test_child::zombie();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(under(kernel), [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, 0));
        if (got->error == 0)
            CHECK(got->pid == c.pid());
    }
}

TEST_CASE("open_proc of a reaped process says that it is gone") {
    const test_child c = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(under(kernel), [&] { return ask(c.fd().fd()); });
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, ESRCH));
    }
}

TEST_CASE("open_proc of a process that this /proc does not show fails with EREMOTE") {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around = under(kernel);
        around.user_namespace = geteuid() != 0;
        around.pid_namespace = true;
        around.proc = "fresh";
        const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == EREMOTE);
    }
}

TEST_CASE("open_proc reaches the right process where /proc belongs to an outer pid namespace") {
    struct facts {
        int error;
        bool itself;     // the directory is the caller's own
        bool misleading; // and /proc/1 is not
    };
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        surroundings around = under(kernel);
        around.user_namespace = geteuid() != 0;
        around.pid_namespace = true;
        const auto got = isolated(around, []() -> facts {
            const auto self = pidfd::from_self();
            const auto dir = self->open_proc();
            if (!dir)
                return {dir.error().value(), false, false};
            const std::string own =
                field(read_file_at(AT_FDCWD, "/proc/thread-self/status"), "Pid:");
            const std::string first = field(read_file_at(AT_FDCWD, "/proc/1/status"), "Pid:");
            return {0, !own.empty() && field(read_file_at(dir->get(), "status"), "Pid:") == own,
                    getpid() == 1 && first != own};
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->itself);
        CHECK(got->misleading);
    }
}

TEST_CASE("open_proc fails with EACCES where /proc hides the process") {
    const test_child c = test_child::running();
    const test_child zombie = test_child::zombie();
    const test_child gone = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"hidepid=1", "hidepid=2"}) {
            CAPTURE(kernel.name, proc);
            surroundings around = under(kernel);
            around.proc = proc;
            around.uid = 65533;
            const auto living_one = isolated(around, [&] { return ask(c.fd().fd()); });
            if (!living_one)
                SKIP_TEST(living_one.missing);
            CHECK(living_one->error == EACCES);
            CHECK(isolated(around, [&] { return ask(zombie.fd().fd()); })->error == EACCES);
            CHECK(isolated(around, [&] { return ask(gone.fd().fd()); })->error == ESRCH);
        }
    }
}

TEST_CASE("open_proc opens the caller's own directory where /proc hides others") {
    for (const char* proc : {"hidepid=1", "hidepid=2"}) {
        CAPTURE(proc);
        surroundings around;
        around.proc = proc;
        around.uid = 65533;
        const auto right = isolated(around, [] {
            const auto self = pidfd::from_self();
            const directory_answer a = ask(self->fd());
            return a.error == 0 && a.pid == getpid();
        });
        if (!right)
            SKIP_TEST(right.missing);
        CHECK(*right);
    }
}

TEST_CASE("open_proc works where /proc shows processes only") {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around = under(kernel);
        around.proc = "subset=pid";
        const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing); // Linux 5.8 has the option
        CHECK(got->error == 0);
        CHECK(got->pid == c.pid());
    }
}

TEST_CASE("open_proc is unsupported without a /proc") {
    const test_child c = test_child::running();
    const test_child gone = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around = under(kernel);
        around.proc = "none";
        around.user_namespace = geteuid() != 0;
        const auto got = isolated(around, [&] { return ask(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == EOPNOTSUPP);
        CHECK(isolated(around, [&] { return ask(gone.fd().fd()); })->error == EOPNOTSUPP);
    }
}

TEST_CASE("open_proc recognizes a pidfd with many file locks") {
    constexpr int no_locks = -1;
    const auto got = isolated({}, [&] {
        const auto self = pidfd::from_self();
        for (int i = 0; i < 40; ++i) {
            struct flock lock {};
            lock.l_type = F_WRLCK;
            lock.l_start = 2 * i; // with gaps, so that each has a separate line in fdinfo
            lock.l_len = 1;
            if (fcntl(self->fd(), F_SETLK, &lock) != 0)
                return no_locks;
        }
        const auto dir = self->open_proc();
        return dir ? 0 : dir.error().value();
    });
    REQUIRE(got);
    if (*got == no_locks)
        SKIP_TEST("no file locks on pidfds, or not so many");
    CHECK(*got == EBADMSG);
}

TEST_CASE("open_proc refuses a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(under(kernel), [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
        }
        const auto closed = isolated(under(kernel), [] { return ask(9999); });
        CHECK(closed->error == EBADF);
        CHECK(isolated(under(kernel), [] { return ask(-1); })->error == EBADF);
    }
}

TEST_CASE("open_proc refuses a file descriptor that is not a pidfd without a /proc too") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            surroundings around = under(kernel);
            around.proc = "none";
            around.user_namespace = geteuid() != 0;
            const auto got = isolated(around, [&] { return ask(s.fd); });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->error == EBADFD);
        }
    }
}
