// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sys/resource.h>
#include <sys/syscall.h>
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

bool is_unsupported(int error) {
    return std::error_code(error, pidfd_category()) == pidfd_errc::unsupported;
}

/// The profiles that leave PIDFD_GET_INFO alone.
bool has_the_ioctl(const profile& kernel) {
    return kernel.rules.empty();
}

/// ERFKILL in the sandbox that answers EPERM, and otherwise EOPNOTSUPP.
bool says_no(const profile& kernel, int error) {
    return kernel.name == std::string(sandbox(EPERM).name) ? error == ERFKILL
                                                           : is_unsupported(error);
}

answer ask_in(const profile& kernel, int fd) {
    const auto got = isolated(on(kernel), [fd] { return ask(fd); });
    REQUIRE(got);
    return *got;
}

constexpr int exited(int code) {
    return code << 8;
}

} // namespace

TEST_CASE("get_exit_status of a child that has ended returns the status on every call, and reaps "
          "nothing") {
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
    "get_exit_status of a child of the caller needs only waitid, on every kernel that has it") {
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

TEST_CASE("get_exit_status distinguishes a signal from a code, also of processes that others have "
          "reaped") {
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

TEST_CASE("get_exit_status of another process's child is empty until it was reaped") {
    const bool keeps = keeps_exits();
    const auto lives = support::test_child::running();
    auto ends = support::test_child::zombie(24);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        // The isolated process is not their parent.
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

TEST_CASE("get_exit_status of a reaped process of a foreign pid namespace returns no status") {
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

TEST_CASE("get_exit_status refuses a file descriptor that is not a pidfd, on every kernel") {
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

TEST_CASE("a status is not lost if the process is reaped while the kernel looks for it") {
    if (!keeps_exits())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    const auto gone = support::test_child::reaped();
    const int right = gone.fd().get_exit_status().value()->wait_status();
    const pid_t asking = fork();
    if (asking == 0) {
        if (!be_traced())
            _exit(100);
        make(mark::begin);
        const answer got = ask(gone.fd().fd());
        _exit(got.known && got.wait_status == right ? 0 : 101);
    }
    tracee asker(asking);
    if (!asker.traced() || !can_falsify())
        SKIP_TEST("no system call can be watched here");
    bool refused = false;
    for (bool begun = false; !refused;) {
        const auto call = asker.next_call();
        REQUIRE(call);
        begun = begun || is(*call, mark::begin);
        if (begun && call->number == SYS_ioctl) {
            asker.refuse(
                ESRCH); // it found no status, and was reaped before the kernel looked again
            refused = true;
        }
    }
    asker.let_go();
    const int status = asker.wait_for_end();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
