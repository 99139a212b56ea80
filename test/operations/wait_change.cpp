// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr auto every = wait_flags::stopped | wait_flags::exited | wait_flags::continued;

/// Whether there is no change now, and no error.
bool nothing(const expected<std::optional<state_change>>& change) {
    return change && !*change;
}

} // namespace

TEST_CASE(
    "wait_change returns a stop, a continue, a stop and a kill, each once and with its kind") {
    const auto c = support::test_child::running();
    CHECK(nothing(c.fd().try_wait_change(every)));
    for (int round = 0; round < 2; ++round) {
        REQUIRE(c.fd().send_signal(SIGSTOP));
        const auto stopped = c.fd().wait_change(wait_flags::stopped);
        REQUIRE(stopped);
        CHECK(stopped->stopped_by() == SIGSTOP);
        CHECK_FALSE(stopped->continued());
        CHECK_FALSE(stopped->ended());
        CHECK(nothing(c.fd().try_wait_change(every)));

        if (round == 1)
            break;
        REQUIRE(c.fd().send_signal(SIGCONT));
        const auto continued = c.fd().wait_change(wait_flags::continued);
        REQUIRE(continued);
        CHECK(continued->continued());
        CHECK_FALSE(continued->stopped_by());
        CHECK_FALSE(continued->ended());
        CHECK(nothing(c.fd().try_wait_change(every)));
    }
    REQUIRE(c.fd().send_signal(SIGKILL));
    const auto ended = c.fd().wait_change(every);
    REQUIRE(ended);
    REQUIRE(ended->ended());
    CHECK(ended->ended()->signal() == SIGKILL);
    CHECK_FALSE(ended->ended()->code());
    CHECK_FALSE(ended->stopped_by());
    CHECK_FALSE(ended->continued());
    CHECK(c.fd().wait_change(every).error().value() == ECHILD);
    CHECK(c.fd().try_wait_change(every).error().value() == ECHILD);
}

TEST_CASE("wait_change returns the signal that stopped the child") {
    for (const int signal : {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}) {
        // An orphaned process group would not be stopped by the terminal's signals.
        auto c = support::test_child::that([signal] {
            std::signal(signal, SIG_DFL);
            setpgid(0, 0);
            raise(signal);
            return 0;
        });
        c.go();
        const auto stopped = c.fd().wait_change(wait_flags::stopped | wait_flags::exited);
        REQUIRE(stopped);
        CAPTURE(signal);
        CHECK(stopped->stopped_by() == signal);
    }
}

TEST_CASE("wait_change returns the code of a child that exits") {
    const auto c = support::test_child::zombie(42);
    const auto ended = c.fd().try_wait_change(wait_flags::exited);
    REQUIRE(ended);
    REQUIRE(*ended);
    REQUIRE((*ended)->ended());
    CHECK((*ended)->ended()->code() == 42);
    CHECK_FALSE((*ended)->ended()->signal());
}

TEST_CASE("wait_change with keep leaves the change, and the child, to be waited for again") {
    const auto c = support::test_child::running();
    REQUIRE(c.fd().send_signal(SIGSTOP));
    for (int i = 0; i < 3; ++i) {
        const auto kept = c.fd().wait_change(wait_flags::stopped | wait_flags::keep);
        REQUIRE(kept);
        CHECK(kept->stopped_by() == SIGSTOP);
    }
    CHECK(c.fd().wait_change(wait_flags::stopped));
    CHECK(nothing(c.fd().try_wait_change(wait_flags::stopped | wait_flags::keep)));

    REQUIRE(c.fd().send_signal(SIGKILL));
    for (int i = 0; i < 3; ++i) {
        const auto kept = c.fd().wait_change(wait_flags::exited | wait_flags::keep);
        REQUIRE(kept);
        REQUIRE(kept->ended());
        CHECK(kept->ended()->signal() == SIGKILL);
    }
    const auto status = c.fd().wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("wait_change does not consume a change that it does not wait for") {
    const auto c = support::test_child::running();
    REQUIRE(c.fd().send_signal(SIGSTOP));
    REQUIRE(c.fd().wait_change(wait_flags::stopped | wait_flags::keep));
    CHECK(nothing(c.fd().try_wait_change(wait_flags::exited)));
    CHECK(nothing(c.fd().try_wait_change(wait_flags::continued)));
    CHECK(timed_out(c.fd().wait_for(std::chrono::milliseconds(1))));
    CHECK(c.fd().wait_change(wait_flags::stopped));
}

TEST_CASE("wait_change with unknown flags, or without a change to wait for, fails with EINVAL and "
          "consumes nothing") {
    const auto c = support::test_child::zombie(5);
    for (const unsigned flags :
         {0U, 0x01000000U, 1U, 4U | 1U, 4U | 0x80000000U, 4U | 0x20000000U, ~0U}) {
        CAPTURE(flags);
        CHECK(c.fd().wait_change(static_cast<wait_flags>(flags)).error().value() == EINVAL);
        CHECK(c.fd().try_wait_change(static_cast<wait_flags>(flags)).error().value() == EINVAL);
    }
    const auto status = c.fd().wait();
    REQUIRE(status);
    CHECK(status->code() == 5);
}

TEST_CASE("wait_change_for times out when its time is over, and loses nothing") {
    auto c = support::test_child::running();
    CHECK(timed_out(c.fd().wait_change_for(every, std::chrono::milliseconds(3))));
    CHECK(timed_out(c.fd().wait_change_until(every, std::chrono::steady_clock::now())));
    REQUIRE(c.fd().send_signal(SIGSTOP));
    const auto stopped = c.fd().wait_change_for(wait_flags::stopped, std::chrono::hours(1));
    REQUIRE(stopped);
    CHECK(stopped->stopped_by() == SIGSTOP);
    REQUIRE(c.fd().kill());
    const auto ended =
        c.fd().wait_change_until(every, std::chrono::steady_clock::time_point::max()); // never
    REQUIRE(ended);
    REQUIRE(ended->ended());
    CHECK(ended->ended()->signal() == SIGKILL);
}

TEST_CASE("wait_change also waits on a pidfd in non-blocking mode") {
    auto c = support::test_child::that([] {
        usleep(5000);
        raise(SIGSTOP);
        return 6;
    });
    const unique_fd fd(raw_pidfd_open(c.pid(), uapi::pidfd_nonblock));
    if (!fd)
        SKIP_TEST("no PIDFD_NONBLOCK: Linux before 5.10");
    const pidfd_view view(fd.get());
    CHECK(nothing(view.try_wait_change(every)));
    c.go();
    const auto stopped = view.wait_change(wait_flags::stopped);
    REQUIRE(stopped);
    CHECK(stopped->stopped_by() == SIGSTOP);
    REQUIRE(c.fd().send_signal(SIGCONT));
    const auto ended = view.wait_change(wait_flags::exited);
    REQUIRE(ended);
    REQUIRE(ended->ended());
    CHECK(ended->ended()->code() == 6);
    CHECK((fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("wait_change is not disturbed by a storm of signals") {
    auto c = support::test_child::that([] {
        usleep(30000);
        raise(SIGSTOP);
        usleep(30000);
        return 7;
    });
    const signal_storm storm;
    c.go();
    const auto stopped = c.fd().wait_change(wait_flags::stopped);
    REQUIRE(stopped);
    CHECK(stopped->stopped_by() == SIGSTOP);
    REQUIRE(c.fd().send_signal(SIGCONT));
    const auto ended = c.fd().wait_change(wait_flags::exited);
    REQUIRE(ended);
    REQUIRE(ended->ended());
    CHECK(ended->ended()->code() == 7);
    CHECK(signal_storm::count() > 0);
}

TEST_CASE(
    "wait_change fails with ECHILD for a process that is not a child, and refuses a non-pidfd") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    CHECK(self->wait_change(every).error().value() == ECHILD);
    CHECK(self->try_wait_change(every).error().value() == ECHILD);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(pidfd_view(s.fd).wait_change(every).error().value() == EBADFD);
    }
    CHECK(pidfd_view(-1).wait_change(every).error().value() == EBADF);
    CHECK(pidfd_view(9999).try_wait_change(every).error().value() == EBADF);
}

TEST_CASE("wait_change is unsupported, or forbidden, where waitid for pidfds is") {
    const auto c = support::test_child::running();
    for (const int error : {EPERM, ENOSYS}) {
        surroundings around;
        around.kernel = sandbox(error);
        const auto got = isolated(around, [&] {
            const auto change = c.fd().wait_change(every);
            return change ? 0 : change.error().value();
        });
        REQUIRE(got);
        CHECK(std::error_code(*got, pidfd_category()) ==
              (error == EPERM ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported));
    }
}
