// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/wait_any.hpp>

#include <array>
#include <cerrno>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

enum class fate { alive, ended, unknown };

fate ask(int fd) {
    const auto alive = pidfd_view(fd).is_alive();
    return !alive ? fate::unknown : *alive ? fate::alive : fate::ended;
}

} // namespace

TEST_CASE("is_alive is true for every living process, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask(s.fd); });
            REQUIRE(got);
            CHECK(*got == fate::alive);
        }
    }
}

TEST_CASE("is_alive is false for a zombie and for a reaped process, on every kernel") {
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        for (const test_child* c : {&zombie, &reaped}) {
            CAPTURE(c == &zombie);
            const auto got = isolated(around, [&] { return ask(c->fd().fd()); });
            REQUIRE(got);
            CHECK(*got == fate::ended);
        }
    }
}

TEST_CASE("is_alive also works for processes in a foreign pid namespace") {
    const test_child running = test_child::running();
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    surroundings around;
    around.pid_namespace = true;
    around.proc = "fresh";
    const auto ask_all = [&] {
        return ask(running.fd().fd()) == fate::alive && ask(zombie.fd().fd()) == fate::ended &&
               ask(reaped.fd().fd()) == fate::ended;
    };
    const auto got = isolated(around, ask_all);
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got);
}

TEST_CASE("is_alive reaps no process") {
    test_child c = test_child::zombie(7);
    CHECK(c.fd().is_alive() == false);
    CHECK(c.fd().is_alive() == false);
    const auto status = c.fd().wait();
    c.disown();
    REQUIRE(status);
    CHECK(status->code() == 7);
}

TEST_CASE("is_alive refuses a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got =
                isolated(around, [&] { return error_of(pidfd_view(s.fd).is_alive()); });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
    }
    CHECK(error_of(pidfd_view().is_alive()) == EBADF);
    CHECK(error_of(pidfd_view(999).is_alive()) == EBADF);
}

TEST_CASE("is_alive reports a sandbox that forbids ppoll, and wait_all with RLIMIT_NOFILE 0 fails "
          "with EMFILE") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES}) {
        surroundings around;
        around.kernel = {"no ppoll", {{uapi::sys_ppoll, error}}};
        const auto got = isolated(around, [&] { return error_of(c.fd().is_alive()); });
        REQUIRE(got);
        CHECK(*got == ERFKILL);
    }
    const auto got = isolated({}, [&] {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_NOFILE, &none);
        return std::array<int, 2>{error_of(c.fd().is_alive()), error_of(wait_all({c.fd()}))};
    });
    REQUIRE(got);
    CHECK((*got)[0] == EMFILE);
    CHECK((*got)[1] == EMFILE);
}

TEST_CASE("is_alive reports a sandbox that forbids every way to recognize a pidfd") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, ENOSYS}) {
        CAPTURE(error);
        surroundings around;
        around.user_namespace = geteuid() != 0;
        around.proc = "none";
        around.kernel = {"no waitid, no fstatfs",
                         {{SYS_waitid, error},
#ifdef SYS_fstatfs64
                          {SYS_fstatfs64, error},
#endif
                          {SYS_fstatfs, error}}};
        const auto got = isolated(around, [&] { return error_of(c.fd().is_alive()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == (error == EPERM ? ERFKILL : EOPNOTSUPP));
    }
}
