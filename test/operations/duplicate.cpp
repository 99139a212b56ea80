// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("duplicate makes another file descriptor for the same process, with close-on-exec") {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const auto copy = c.fd().duplicate();
            return copy && copy->fd() != c.fd().fd() && has_cloexec(copy->fd()) &&
                   inode_of(copy->fd()) == inode_of(c.fd().fd());
        });
        REQUIRE(got);
        CHECK(*got);
    }
    const auto copy = c.fd().duplicate();
    REQUIRE(copy);
    CHECK(copy->get_pid() == c.pid());
}

TEST_CASE("duplicate outlives the original") {
    test_child c = test_child::running();
    auto original = pidfd::from_pid(c.pid());
    REQUIRE(original);
    const auto copy = original->duplicate();
    REQUIRE(copy);
    original->reset();
    CHECK(copy->get_pid() == c.pid());
    c.reap();
    CHECK(copy->get_pid().error() == pidfd_errc::not_found);
    CHECK(error_of(copy->duplicate()) == 0);
}

TEST_CASE("duplicate shares the non-blocking mode, as the docs say") {
    const int fd = raw_pidfd_open(getpid(), O_NONBLOCK);
    if (fd < 0)
        SKIP_TEST("this kernel has no PIDFD_NONBLOCK");
    const unique_fd owner(fd);
    const auto copy = pidfd_view(fd).duplicate();
    REQUIRE(copy);
    CHECK((fcntl(copy->fd(), F_GETFL) & O_NONBLOCK) != 0);
    fcntl(fd, F_SETFL, 0);
    CHECK((fcntl(copy->fd(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("duplicate of a closed or an empty handle fails with EBADF") {
    CHECK(error_of(pidfd().duplicate()) == EBADF);
    CHECK(error_of(pidfd_view().duplicate()) == EBADF);
    CHECK(error_of(pidfd_view(999).duplicate()) == EBADF);
}

TEST_CASE("duplicate refuses a file descriptor that is not a pidfd") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                const int before = open_fds();
                const int error = error_of(pidfd_view(s.fd).duplicate());
                return open_fds() == before ? error : -1;
            });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
    }
}

TEST_CASE("duplicate with RLIMIT_NOFILE 0 fails with EMFILE") {
    const test_child c = test_child::running();
    const auto got = isolated({}, [&] {
        const rlimit none{0, 0};
        return setrlimit(RLIMIT_NOFILE, &none) == 0 ? error_of(c.fd().duplicate()) : 0;
    });
    REQUIRE(got);
    CHECK(*got == EMFILE);
}

TEST_CASE("duplicate without a free file descriptor fails with EMFILE") {
    const test_child c = test_child::running();
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [&] {
        fill_fds(0);
        return error_of(c.fd().duplicate());
    });
    REQUIRE(got);
    CHECK(*got == EMFILE);
}
