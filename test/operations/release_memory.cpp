// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"

#include "kernel/uapi.hpp"

#include <cerrno>
#include <csignal>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

int release(pidfd_view p) {
    int error = EAGAIN; // the memory is in use: its owner ends, too
    while (error == EAGAIN)
        error = error_of(p.release_memory());
    return error;
}

constexpr const char* too_old = "no process_mrelease before Linux 5.15";

} // namespace

TEST_CASE("release_memory succeeds after kill, and for every process without memory") {
    if (!has(feature::process_mrelease)) {
        const test_child c = test_child::running();
        CHECK(error_of(c.fd().release_memory()) == ENOSYS);
        SKIP_TEST(too_old);
    }
    constexpr std::size_t size = std::size_t{64} << 20;
    test_child c = test_child::ready([] {
        return mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED;
    });
    REQUIRE(c.prepared());
    REQUIRE(c.fd().kill());
    CHECK(release(c.fd()) == 0);
    CHECK(release(c.fd()) == 0); // again
    c.wait_for_end();
    CHECK(release(c.fd()) == 0); // a zombie
    c.reap();
    CHECK(release(c.fd()) == 0); // reaped
    CHECK(release(test_child::zombie().fd()) == 0);
}

TEST_CASE("release_memory refuses a process that was not killed, and does not harm it") {
    if (!has(feature::process_mrelease))
        SKIP_TEST(too_old);
    test_child c = test_child::running();
    CHECK(error_of(c.fd().release_memory()) == EINVAL);
    REQUIRE(kill(c.pid(), SIGSTOP) == 0);
    siginfo_t info;
    REQUIRE(waitid(P_PID, static_cast<id_t>(c.pid()), &info, WSTOPPED | WNOWAIT) == 0);
    REQUIRE(kill(c.pid(), SIGTERM) == 0); // pending, and not delivered before SIGCONT
    CHECK(error_of(c.fd().release_memory()) == EINVAL);
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("release_memory refuses memory that a living process shares") {
    if (!has(feature::process_mrelease))
        SKIP_TEST(too_old);
    int fd = -1;
    static int ends[2];
    REQUIRE(pipe(ends) == 0);
    static char stack[65536];
    const pid_t pid = clone(
        [](void*) {
            char byte = 0;
            for (;;)
                (void)!read(ends[0], &byte, 1);
            return 0;
        },
        stack + sizeof stack, CLONE_VM | CLONE_FS | SIGCHLD, nullptr);
    REQUIRE(pid > 0);
    fd = raw_pidfd_open(pid, 0);
    REQUIRE(pidfd_view(fd).kill());
    const int error = release(pidfd_view(fd));
    CHECK((error == EINVAL || error == 0)); // 0: it has ended already
    waitpid(pid, nullptr, 0);
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("release_memory of a thread other than the first is refused until the thread has ended") {
    if (!has(feature::process_mrelease) || !has(feature::thread))
        SKIP_TEST("no process_mrelease, or no pidfds of threads, in this kernel");
    for (const subject& s : living())
        if (s.name == "a thread")
            CHECK(error_of(pidfd_view(s.fd).release_memory()) == EINVAL);
}

TEST_CASE("release_memory needs no right over the process") {
    if (!has(feature::process_mrelease))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running();
    REQUIRE(c.fd().kill());
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return release(c.fd()); });
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("release_memory does not believe a filter that hides the process or the pidfd") {
    const test_child c = test_child::running();
    for (const int error : {ESRCH, EBADF}) {
        CAPTURE(error);
        const auto got = isolated(on({"refused", {{SYS_process_mrelease, error}}}),
                                  [&] { return error_of(c.fd().release_memory()); });
        REQUIRE(got);
        CHECK(*got == EIO);
    }
}

TEST_CASE("release_memory reports a filter, and what is not a pidfd") {
    const test_child c = test_child::zombie();
    for (const int error : {EPERM, EACCES, ENOSYS, 0, EIO}) {
        CAPTURE(error);
        const auto got = isolated(on({"refused", {{SYS_process_mrelease, error}}}),
                                  [&] { return error_of(c.fd().release_memory()); });
        REQUIRE(got);
        CHECK(*got == (error == ENOSYS || error == 0 ? ENOSYS : error == EIO ? EIO : ERFKILL));
    }
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(error_of(pidfd_view(s.fd).release_memory()) == EBADFD);
    }
    // The kernel takes these as the calling thread and its process.
    for (const int number : {-1, -10000, -10001, 9999}) {
        CAPTURE(number);
        CHECK(error_of(pidfd_view(number).release_memory()) == EBADF);
    }
}
