// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "uapi.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answer {
    int error;
    bool known;
    int wait_status;
};

answer ask(int fd) {
    const auto status = pidfd_view(fd).get_exit_status();
    if (!status)
        return {status.error().value(), false, 0};
    return {0, status->has_value(), *status ? (*status)->wait_status() : 0};
}

bool keeps_exits() {
    const auto c = support::test_child::reaped();
    return static_cast<bool>(c.fd().get_exit_status());
}

bool is_unsupported(int error) {
    return std::error_code(error, pidfd_category()) == pidfd_errc::unsupported;
}

/// The profiles that leave PIDFD_GET_INFO alone.
bool has_the_ioctl(const profile& kernel) {
    return kernel.rules.empty();
}

/// Forbidden in the sandbox that forbids, else unsupported.
bool says_no(const profile& kernel, int error) {
    return kernel.name == std::string(sandbox(EPERM).name) ? error == ERFKILL
                                                           : is_unsupported(error);
}

answer ask_in(const profile& kernel, int fd) {
    surroundings around;
    around.kernel = kernel;
    const auto got = isolated(around, [fd] { return ask(fd); });
    REQUIRE(got);
    return *got;
}

constexpr int exited(int code) {
    return code << 8;
}

} // namespace

TEST_CASE(
    "get_exit_status of a child that has ended tells it, as often as asked, and reaps nothing") {
    const auto c = support::test_child::zombie(21);
    for (int i = 0; i < 3; ++i) {
        const answer a = ask(c.fd().fd());
        CHECK(a.error == 0);
        CHECK(a.known);
        CHECK(a.wait_status == exited(21));
    }
    const auto status = c.fd().wait();
    REQUIRE(status);
    CHECK(status->code() == 21);
}

TEST_CASE(
    "get_exit_status of an own child needs no more than waitid, on every kernel that has it") {
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        struct facts {
            answer living;
            answer dead;
            bool reaped;
        };
        const auto got = isolated(around, [] {
            facts f{};
            int lives = -1;
            int ends = -1;
            const pid_t sleeper = fork_sleeping(lives);
            const pid_t exits = fork_exiting(22, ends);
            (void)!pidfd_view(ends).wait_exit();
            f.living = ask(lives);
            f.dead = ask(ends);
            int status = 0;
            f.reaped = waitpid(exits, &status, WNOHANG) == exits && status == exited(22);
            kill_made(sleeper);
            return f;
        });
        REQUIRE(got);
        CHECK(got->living.error == 0);
        CHECK_FALSE(got->living.known);
        CHECK(got->dead.error == 0);
        CHECK(got->dead.known);
        CHECK(got->dead.wait_status == exited(22));
        CHECK(got->reaped);
    }
}

TEST_CASE("get_exit_status of a process that was reaped elsewhere is kept by the kernel, or "
          "unsupported") {
    const bool keeps = keeps_exits();
    auto c = support::test_child::that([] { return 23; });
    c.go();
    c.wait_for_end();
    REQUIRE(waitpid(c.pid(), nullptr, 0) == c.pid());
    c.disown();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const answer a = ask_in(kernel, c.fd().fd());
        if (keeps && has_the_ioctl(kernel)) {
            CHECK(a.error == 0);
            CHECK(a.known);
            CHECK(a.wait_status == exited(23));
        } else {
            CHECK_FALSE(a.known);
            CHECK(says_no(kernel, a.error));
        }
    }
}

TEST_CASE("get_exit_status tells a signal from a code, of processes that others have reaped too") {
    if (!keeps_exits())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    auto killed = support::test_child::running();
    killed.reap();
    const auto status = killed.fd().get_exit_status();
    REQUIRE(status);
    REQUIRE(*status);
    CHECK((*status)->signal() == SIGKILL);
    CHECK_FALSE((*status)->code());

    auto aborted = support::test_child::that([] {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        std::signal(SIGABRT, SIG_DFL);
        raise(SIGABRT);
        return 0;
    });
    aborted.go();
    aborted.wait_for_end();
    const auto before = aborted.fd().get_exit_status();
    aborted.reap();
    const auto after = aborted.fd().get_exit_status();
    REQUIRE(before);
    REQUIRE(after);
    REQUIRE(*before);
    REQUIRE(*after);
    CHECK(**before == **after);
    CHECK((*after)->signal() == SIGABRT);
}

TEST_CASE("get_exit_status of somebody else's child is empty until it was reaped") {
    const bool keeps = keeps_exits();
    const auto lives = support::test_child::running();
    auto ends = support::test_child::zombie(24);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        // The isolated process is no parent of those.
        for (const int fd : {lives.fd().fd(), ends.fd().fd()}) {
            const answer a = ask_in(kernel, fd);
            CHECK_FALSE(a.known);
            if (keeps && has_the_ioctl(kernel))
                CHECK(a.error == 0);
            else if (has_the_ioctl(kernel))
                CHECK((a.error == 0 || is_unsupported(a.error)));
            else
                CHECK(says_no(kernel, a.error));
        }
    }
    ends.reap();
    if (!keeps)
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    const answer a = ask_in(native(), ends.fd().fd());
    CHECK(a.known);
    CHECK(a.wait_status == exited(24));
}

TEST_CASE(
    "get_exit_status of a process in a foreign pid namespace is empty, never a wrong status") {
    const auto lives = support::test_child::running();
    const auto ends = support::test_child::zombie(25);
    surroundings around;
    around.pid_namespace = true;
    for (const int fd : {lives.fd().fd(), ends.fd().fd()}) {
        const auto got = isolated(around, [fd] { return ask(fd); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK_FALSE(got->known);
        CHECK((got->error == 0 || is_unsupported(got->error)));
    }
}

TEST_CASE("get_exit_status of a reaped process of a foreign pid namespace is not told") {
    const auto gone = support::test_child::reaped();
    surroundings around;
    around.pid_namespace = true;
    const auto got = isolated(around, [&] { return ask(gone.fd().fd()); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK_FALSE(got->known);
    if (keeps_exits())
        CHECK(got->error == EREMOTE);
    else
        CHECK((got->error == EREMOTE || is_unsupported(got->error)));
}

TEST_CASE("get_exit_status of what is no pidfd says so, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const answer got = ask_in(kernel, s.fd);
            CHECK(got.error == EBADFD);
        }
        CAPTURE(kernel.name);
        CHECK(ask_in(kernel, -1).error == EBADF);
        CHECK(ask_in(kernel, 9999).error == EBADF);
    }
}

TEST_CASE("get_coredump of a living and of a reaped process reports no dump that was not") {
    const auto lives = support::test_child::running();
    auto ends = support::test_child::zombie();
    const auto check = [](pidfd_view process) {
        const auto core = process.get_coredump();
        if (!core) {
            CHECK(core.error() == pidfd_errc::unsupported);
            return;
        }
        if (*core)
            CHECK_FALSE((*core)->dumped);
    };
    check(lives.fd());
    check(ends.fd());
    ends.reap();
    const auto gone = ends.fd().get_coredump();
    if (gone && *gone)
        CHECK_FALSE((*gone)->dumped);
    else if (!gone)
        CHECK((gone.error() == pidfd_errc::unsupported || gone.error() == pidfd_errc::not_found));
}

TEST_CASE("get_coredump is an error exactly where the kernel tells of no core dumps") {
    const auto can_tell = query(feature::coredump_info);
    REQUIRE(can_tell);
    const bool supported = *can_tell == availability::available;
    auto c = support::test_child::zombie();
    for (const char* state : {"zombie", "reaped"}) {
        CAPTURE(state);
        const auto core = c.fd().get_coredump();
        CHECK(core.has_value() == supported);
        if (!core)
            CHECK(core.error() == pidfd_errc::unsupported);
        c.reap();
    }
    CHECK(pidfd::from_self()->get_coredump().has_value() == supported);
}

TEST_CASE("get_coredump is unsupported or forbidden without the ioctl, and of no pidfd says so") {
    const auto c = support::test_child::running();
    for (const profile& kernel : all_profiles()) {
        if (has_the_ioctl(kernel))
            continue;
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [&] {
            const auto core = c.fd().get_coredump();
            return core ? 0 : core.error().value();
        });
        REQUIRE(got);
        CHECK(says_no(kernel, *got));
    }
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(pidfd_view(s.fd).get_coredump().error().value() == EBADFD);
    }
    CHECK(pidfd_view(-1).get_coredump().error().value() == EBADF);
}
