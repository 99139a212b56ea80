// SPDX-License-Identifier: MIT
// pidfd, pidfd_view and unique_fd: which of them owns and closes, and what the type system forbids.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <fcntl.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;

namespace {

static_assert(sizeof(pidfd) == sizeof(int) && sizeof(pidfd_view) == sizeof(int) &&
              sizeof(unique_fd) == sizeof(int));

template <class Owner>
constexpr bool owns =
    std::is_nothrow_default_constructible_v<Owner>&& std::is_nothrow_move_constructible_v<Owner>&&
        std::is_nothrow_move_assignable_v<Owner>&& std::is_nothrow_destructible_v<Owner> &&
    !std::is_copy_constructible_v<Owner> && !std::is_copy_assignable_v<Owner>;
static_assert(owns<pidfd>);
static_assert(owns<unique_fd>);

static_assert(std::is_trivially_copyable_v<pidfd_view> &&
              std::is_trivially_destructible_v<pidfd_view>);
static_assert(std::is_nothrow_default_constructible_v<pidfd_view>);

// An owner converts to a view implicitly. Nothing converts to an owner implicitly, and a number
// does not even convert to a view.
static_assert(std::is_convertible_v<const pidfd&, pidfd_view> &&
              std::is_nothrow_constructible_v<pidfd_view, const pidfd&>);
static_assert(!std::is_constructible_v<pidfd, int>,
              "an owner of a pidfd comes from a call that makes one");
static_assert(!std::is_constructible_v<pidfd, unique_fd>, "or from adopt, which checks");
static_assert(!std::is_constructible_v<pidfd, pidfd_view>);
static_assert(!std::is_convertible_v<int, pidfd_view> &&
              std::is_nothrow_constructible_v<pidfd_view, int>);
static_assert(!std::is_convertible_v<int, unique_fd> &&
              std::is_nothrow_constructible_v<unique_fd, int>);
static_assert(!std::is_convertible_v<pidfd, int> && !std::is_convertible_v<pidfd, bool>);
static_assert(!std::is_convertible_v<unique_fd, int> && !std::is_convertible_v<unique_fd, bool>);

// The base class of the operations can be neither created nor deleted by itself.
static_assert(!std::is_constructible_v<pidfd_operations, int> &&
              !std::is_destructible_v<pidfd_operations> &&
              !std::is_copy_constructible_v<pidfd_operations>);

constexpr pidfd_view v;
static_assert(!v && v.fd() == -1);
static_assert(std::is_nothrow_default_constructible_v<unique_fd>);
static_assert(noexcept(v.get_pid()) && noexcept(v.get_ppid()) && noexcept(v.get_id()) && noexcept(
    v.get_creds()) && noexcept(v.get_cgroupid()) && noexcept(v.get_info()) && noexcept(v.get_namespace(namespace_type::
                                                                                                           uts)) && noexcept(v
                                                                                                                                 .set_namespace({})) && noexcept(v
                                                                                                                                                                     .open_proc()) && noexcept(v
                                                                                                                                                                                                   .send_signal(0)) && noexcept(v
                                                                                                                                                                                                                                    .kill()) && noexcept(v
                                                                                                                                                                                                                                                             .get_remote_fd(0)) && noexcept(v.is_alive()) && noexcept(v.wait()) && noexcept(v.try_wait()) && noexcept(v
                                                                                                                                                                                                                                                                                                                                                                          .duplicate()) && noexcept(pidfd::from_self()) && noexcept(pidfd::
                                                                                                                                                                                                                                                                                                                                                                                                                                        from_pid(
                                                                                                                                                                                                                                                                                                                                                                                                                                            1)) && noexcept(pidfd::
                                                                                                                                                                                                                                                                                                                                                                                                                                                                adopt(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                    unique_fd())));
static_assert(noexcept(std::declval<pidfd&>().reset()) && noexcept(
    std::declval<pidfd&>()
        .release()) && noexcept(std::declval<unique_fd&>()
                                    .reset()) && noexcept(std::declval<unique_fd&>().release()));

pidfd self() {
    auto opened = pidfd::from_self();
    REQUIRE(opened);
    return std::move(*opened);
}

int some_file() {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    return fd;
}

/// Keeps GCC from warning about the self-assignments below.
template <class T>
T& the_same(T& object) {
    return object;
}

} // namespace

TEST_CASE("an empty handle fails every operation with EBADF") {
    const pidfd empty;
    CHECK_FALSE(empty);
    CHECK(empty.fd() == -1);
    for (const pidfd_view h : {pidfd_view(), pidfd_view(empty)}) {
        for (const operation_row& o : operation_table()) {
            if (o.kind != role::about_process || o.bad_argument)
                continue;
            CAPTURE(o.name);
            CHECK(attempt(o, h) == EBADF);
        }
    }
}

TEST_CASE("a handle is closed at the end of its scope") {
    int fd = -1;
    {
        const pidfd p = self();
        fd = p.fd();
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("a handle that was moved from is empty, and closes nothing") {
    pidfd from = self();
    const int fd = from.fd();
    {
        const pidfd to = std::move(from);
        CHECK(to.fd() == fd);
        CHECK_FALSE(from);
        from.reset();
        CHECK(is_open(fd));
    }
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("move assignment closes what was held before, and nothing else") {
    pidfd to = self();
    pidfd from = self();
    const int old = to.fd();
    const int fd = from.fd();
    to = std::move(from);
    CHECK_FALSE(is_open(old));
    CHECK(is_open(fd));
    CHECK(to.fd() == fd);
    CHECK_FALSE(from);
    to = pidfd();
    CHECK_FALSE(is_open(fd));
}

TEST_CASE("move assignment to itself changes nothing") {
    pidfd p = self();
    const int fd = p.fd();
    p = std::move(the_same(p));
    CHECK(p.fd() == fd);
    CHECK(is_open(fd));

    unique_fd u(some_file());
    const int held = u.get();
    u = std::move(the_same(u));
    CHECK(u.get() == held);
    CHECK(is_open(held));
}

TEST_CASE("swapped handles keep what they own") {
    pidfd a = self();
    pidfd b = self();
    const int first = a.fd();
    const int second = b.fd();
    std::swap(a, b);
    CHECK(a.fd() == second);
    CHECK(b.fd() == first);
    CHECK(is_open(first));
    CHECK(is_open(second));
}

TEST_CASE("release gives the file descriptor away") {
    pidfd p = self();
    const unique_fd released(p.release());
    CHECK_FALSE(p);
    CHECK(p.release() == -1);
    p.reset();
    CHECK(is_open(released.get()));
}

TEST_CASE("reset closes once, and does not close a later file with the same number") {
    pidfd p = self();
    const int fd = p.fd();
    p.reset();
    CHECK_FALSE(p);
    CHECK_FALSE(is_open(fd));
    const unique_fd next(some_file());
    REQUIRE(next.get() == fd);
    p.reset();
    { const pidfd moved = std::move(p); }
    CHECK(is_open(fd));
}

TEST_CASE("a view neither closes its pidfd nor keeps it open") {
    pidfd p = self();
    const int fd = p.fd();
    {
        const pidfd_view view = p;
        const pidfd_view copy = view;
        CHECK(view.fd() == fd);
        CHECK(copy.fd() == fd);
        CHECK(copy.get_pid() == getpid());
    }
    CHECK(is_open(fd));
    const pidfd_view view = p;
    p.reset();
    CHECK(error_of(view.get_pid()) == EBADF);
}

TEST_CASE("unique_fd closes once: when it is destroyed, assigned to or reset") {
    const int first = some_file();
    {
        unique_fd a(first);
        unique_fd b = std::move(a);
        CHECK_FALSE(a);
        CHECK(b.get() == first);
        const int second = some_file();
        a = unique_fd(second);
        b = std::move(a);
        CHECK_FALSE(is_open(first));
        CHECK(is_open(second));
        b.reset(b.get());
        CHECK(is_open(second));
        const int third = some_file();
        b.reset(third);
        CHECK_FALSE(is_open(second));
        CHECK(b.get() == third);
        b.reset();
        CHECK_FALSE(b);
        CHECK_FALSE(is_open(third));
    }
    unique_fd released(some_file());
    const int fd = released.release();
    released.reset();
    CHECK(is_open(fd));
    close(fd);
}

TEST_CASE("everything that makes a file descriptor sets close-on-exec, on every kernel") {
    for (const profile& kernel : {native(), linux_5_10(), linux_6_12()}) {
        surroundings around;
        around.kernel = kernel;
        for (const operation_row& o : operation_table()) {
            if (!o.makes_fd)
                continue;
            CAPTURE(kernel.name, o.name);
            struct facts {
                int error;
                bool closed_by_exec;
            };
            const auto got = isolated(around, [&] {
                const pidfd own = self();
                fcntl(own.fd(), F_SETFD, 0); // what was made does not inherit its flag
                scene s{own, getpid()};
                plain_answer a;
                o.call(s, a);
                return facts{a.error, s.made && has_cloexec(s.made.get())};
            });
            REQUIRE(got);
            CAPTURE(got->error);
            if (got->error == 0)
                CHECK(got->closed_by_exec);
            else // a kernel without the feature, or without namespaces of the kind
                CHECK((std::error_code(got->error, pidfd_category()) == pidfd_errc::unsupported ||
                       (o.needs_namespace && got->error == EINVAL)));
        }
    }
}

TEST_CASE("adopt sets close-on-exec, on every kernel") {
    for (const profile& kernel : {native(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            const pidfd own = self();
            const auto adopted = pidfd::adopt(unique_fd(fcntl(own.fd(), F_DUPFD, 0)));
            return adopted && has_cloexec(own.fd()) && has_cloexec(adopted->fd());
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE(
    "closing leaves the caller's errno alone, even if the file descriptor is closed already") {
    pidfd p = self();
    close(p.fd());
    errno = 4711;
    p.reset();
    CHECK(errno == 4711);
    unique_fd u(999);
    errno = 4711;
    u.reset();
    CHECK(errno == 4711);
}
