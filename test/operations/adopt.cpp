// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answer {
    int error;
    int kept;  // what the unique_fd holds afterwards
    int owned; // what the pidfd holds
    bool cloexec;
};

answer adopt_number(int fd) {
    unique_fd from(fd);
    auto got = pidfd::adopt(std::move(from));
    answer a{error_of(got), from.release(), -1, has_cloexec(fd)};
    if (got)
        a.owned = got->release();
    return a;
}

rule no_waitid(int error) {
    return {SYS_waitid, error, 0, ~0U, 3}; // P_PIDFD
}

} // namespace

TEST_CASE("adopt takes over every pidfd, and sets its close-on-exec flag") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                fcntl(s.fd, F_SETFD, 0);
                return adopt_number(s.fd);
            });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->owned == s.fd);
            CHECK(got->kept == -1);
            CHECK(got->cloexec);
        }
    }
}

TEST_CASE("adopt takes over the pidfd of a process that has ended") {
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        for (const test_child* c : {&zombie, &reaped}) {
            CAPTURE(kernel.name, c == &zombie);
            const auto got = isolated(on(kernel), [&] { return adopt_number(c->fd().fd()); });
            REQUIRE(got);
            CHECK(got->error == 0);
            CHECK(got->owned == c->fd().fd());
        }
    }
}

TEST_CASE("adopt reaps no process") {
    test_child c = test_child::zombie(7);
    const answer got = adopt_number(fcntl(c.fd().fd(), F_DUPFD_CLOEXEC, 0));
    close(got.owned);
    CHECK(got.error == 0);
    const auto status = c.fd().try_wait();
    c.disown();
    REQUIRE(status);
    REQUIRE(*status);
    CHECK((*status)->code() == 7);
}

TEST_CASE("adopt refuses a file descriptor that is not a pidfd, leaves it unchanged, and the owner "
          "keeps it") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                fcntl(s.fd, F_SETFD, 0);
                return adopt_number(s.fd);
            });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
            CHECK(got->kept == s.fd);
            CHECK_FALSE(got->cloexec);
        }
    }
}

TEST_CASE("adopt of a closed or an empty file descriptor fails with EBADF") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto closed = isolated(around, [] { return adopt_number(999); });
        REQUIRE(closed);
        CHECK(closed->error == EBADF);
        CHECK(closed->kept == 999);
        const auto empty = isolated(around, [] { return adopt_number(-1); });
        REQUIRE(empty);
        CHECK(empty->error == EBADF);
        CHECK(empty->kept == -1);
    }
}

TEST_CASE("adopt recognizes a pidfd where waitid is refused") {
    const test_child c = test_child::running();
    const auto others = impostors();
    for (const int error : {EPERM, ENOSYS, EINVAL}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no waitid", {no_waitid(error)}};
        const auto good = isolated(around, [&] { return adopt_number(c.fd().fd()).error; });
        REQUIRE(good);
        CHECK(*good == 0);
        for (const subject& s : others) {
            CAPTURE(s.name);
            const auto bad = isolated(around, [&] { return adopt_number(s.fd).error; });
            REQUIRE(bad);
            CHECK(*bad == EBADFD);
        }
    }
}

TEST_CASE("adopt recognizes a pidfd by fdinfo where waitid is refused and there is no pidfs") {
    const test_child running = test_child::running();
    const test_child reaped = test_child::reaped();
    for (const test_child* c : {&running, &reaped}) {
        CAPTURE(c == &running);
        const int fd = c->fd().fd();
        surroundings around;
        around.kernel = {"no waitid, no pidfs",
                         {no_waitid(EPERM),
#ifdef SYS_fstatfs64
                          {SYS_fstatfs64, ENOSYS, 0, ~0U, static_cast<std::uint32_t>(fd)},
#endif
                          {SYS_fstatfs, ENOSYS, 0, ~0U, static_cast<std::uint32_t>(fd)}}};
        const auto good = isolated(around, [&] { return adopt_number(fd).error; });
        REQUIRE(good);
        CHECK(*good == 0);
    }
}

TEST_CASE("adopt recognizes a pidfd by pidfs where waitid is refused and /proc is missing") {
    if (availability_of(feature::pidfs) != availability::available)
        SKIP_TEST("this kernel has no pidfs");
    const test_child c = test_child::running();
    const auto others = impostors();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.proc = "none";
    around.kernel = {"no waitid", {no_waitid(EPERM)}};
    const auto good = isolated(around, [&] { return adopt_number(c.fd().fd()).error; });
    if (!good)
        SKIP_TEST(good.missing);
    CHECK(*good == 0);
    for (const subject& s : others) {
        CAPTURE(s.name);
        const auto bad = isolated(around, [&] { return adopt_number(s.fd); });
        REQUIRE(bad);
        CHECK(bad->error != 0);
        CHECK(bad->kept == s.fd);
    }
}

TEST_CASE("adopt claims nothing where waitid is refused and neither pidfs nor /proc is there") {
    const test_child c = test_child::running();
    const int fd = c.fd().fd();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.proc = "none";
    around.kernel = {"no waitid, no pidfs",
                     {no_waitid(EPERM),
#ifdef SYS_fstatfs64
                      {SYS_fstatfs64, ENOSYS, 0, ~0U, static_cast<std::uint32_t>(fd)},
#endif
                      {SYS_fstatfs, ENOSYS, 0, ~0U, static_cast<std::uint32_t>(fd)}}};
    const auto got = isolated(around, [&] { return adopt_number(fd); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == ERFKILL);
    CHECK(got->kept == fd);
}
