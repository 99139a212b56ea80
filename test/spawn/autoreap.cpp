// SPDX-License-Identifier: MIT
// Children that reap themselves, CLONE_AUTOREAP: there is no zombie to wait for, but the kernel
// keeps their status.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/talking.hpp"

#include <pidfd_util/features.hpp>
#include <pidfd_util/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_autoreap = "no CLONE_AUTOREAP: Linux before 7.1, or not on this machine";

spawn_options reaping_itself() {
    spawn_options o;
    o.autoreap = true;
    return o;
}

/// Where `spawn` has no clone3, the kernel's feature does not help.
bool can_autoreap() {
    auto c = spawn(spawnee(), arguments({}), reaping_itself());
    return c && c->wait();
}

/// The errno of waiting for the child by its pid; 0 if the wait succeeds.
int wait_error(pid_t pid) {
    return waitpid(pid, nullptr, WNOHANG | __WALL) < 0 ? errno : 0;
}

volatile std::sig_atomic_t child_signals = 0;

} // namespace

TEST_CASE("a child that reaps itself is not refused where the kernel has the feature") {
    const bool has = availability_of(feature::clone_autoreap) == availability::available;
    if (!has)
        SKIP_TEST(no_autoreap);
#if (defined(__x86_64__) && defined(__LP64__)) || defined(__aarch64__) ||                          \
    (defined(__riscv) && __riscv_xlen == 64)
    CHECK(can_autoreap());
#endif
}

TEST_CASE("a child that reaps itself and is killed returns the signal, and leaves no zombie") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    for (const int signal : {SIGTERM, SIGKILL}) {
        CAPTURE(signal);
        talking_child c({"ready", "sleep"}, reaping_itself());
        REQUIRE(c.error() == 0);
        CHECK(c.line() == "ready");
        const auto other = pidfd::from_pid(c.pid());
        REQUIRE(other);
        CHECK(wait_error(c.pid()) == 0); // it is a child, and lives
        CHECK(c.fd().send_signal(signal));
        CHECK((events_of(c.fd().fd(), long_time) & POLLIN) != 0);
        const auto status = c.process().wait();
        REQUIRE(status);
        CHECK(status->signal() == signal);
        CHECK(wait_error(c.pid()) == ECHILD);
        const auto through_other = status_after_end(*other);
        REQUIRE(through_other);
        CHECK(*through_other == *status);
        CHECK(other->wait().error().value() == ECHILD);
        CHECK((events_of(other->fd()) & POLLHUP) != 0);
        CHECK(other->get_pid().error() == pidfd_errc::not_found);
    }
}

TEST_CASE("a child that reaps itself sends no SIGCHLD") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    struct facts {
        int by_autoreap;
        int by_ordinary;
    };
    const auto got = isolated({}, [] {
        facts f{};
        std::signal(SIGCHLD, [](int) { child_signals = child_signals + 1; });
        for (const bool autoreap : {true, false}) {
            child_signals = 0;
            auto c = spawn(spawnee(), arguments({}), autoreap ? reaping_itself() : spawn_options{});
            if (c)
                (void)!c->wait();
            (autoreap ? f.by_autoreap : f.by_ordinary) = child_signals;
        }
        return f;
    });
    REQUIRE(got);
    CHECK(got->by_autoreap == 0);
    CHECK(got->by_ordinary == 1);
}

TEST_CASE("a child that reaps itself still does so after its parent has ended") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    struct facts {
        bool made;
        bool is_mine;
        int before;
        bool ended;
        std::optional<exit_status> status;
        int after;
    };
    const auto got = isolated({}, [] {
        facts f{};
        int pids[2];
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe2(pids, O_CLOEXEC) != 0)
            return f;
        const pid_t middle = fork();
        if (middle == 0) {
            auto c = spawn(spawnee(), arguments({"sleep"}), reaping_itself());
            const pid_t pid = c ? c->get_pid().value_or(-1) : -1;
            (void)!write(pids[1], &pid, sizeof pid);
            end_child(0);
        }
        pid_t pid = -1;
        f.made = read(pids[0], &pid, sizeof pid) == sizeof pid && pid > 0;
        waitpid(middle, nullptr, 0);
        if (!f.made)
            return f;
        const auto fd = pidfd::from_pid(pid);
        f.is_mine = fd->get_ppid() == getpid();
        f.before = wait_error(pid);
        (void)fd->kill();
        f.ended = (events_of(fd->fd(), long_time) & POLLIN) != 0;
        f.status = status_after_end(*fd);
        f.after = wait_error(pid);
        return f;
    });
    REQUIRE(got);
    REQUIRE(got->made);
    CHECK(got->is_mine);
    CHECK(got->before == 0);
    CHECK(got->ended);
    REQUIRE(got->status);
    CHECK(got->status->signal() == SIGKILL);
    CHECK(got->after == ECHILD);
}

TEST_CASE("a child that reaps itself does so when its last thread exits, not when its first does") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    talking_child c({"last_thread", "tid", "read", "exit", "6"}, reaping_itself());
    REQUIRE(c.error() == 0);
    CHECK(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    CHECK(events_of(c.fd().fd()) == 0);
    CHECK(c.fd().is_alive() == true);
    const auto early = c.fd().get_exit_status();
    REQUIRE(early);
    CHECK_FALSE(*early);
    c.go();
    const auto status = c.process().wait();
    REQUIRE(status);
    CHECK(status->code() == 6);
    CHECK(wait_error(c.pid()) == ECHILD);
}

TEST_CASE(
    "a child that reaps itself still does so after one of its threads has executed a program") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    for (const char* leader : {"thread", "last_thread"}) {
        CAPTURE(leader);
        talking_child c({leader, "tid", "exec", "tid", "read", "exit", "8"}, reaping_itself());
        REQUIRE(c.error() == 0);
        CHECK(c.number("tid") > 0);
        CHECK(c.number("tid") == c.pid());
        CHECK(c.fd().is_alive() == true);
        c.go();
        const auto status = c.process().wait();
        REQUIRE(status);
        CHECK(status->code() == 8);
        CHECK(wait_error(c.pid()) == ECHILD);
    }
}

TEST_CASE("the children of a child that reaps itself do not reap themselves") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    talking_child c({"fork"}, reaping_itself());
    REQUIRE(c.error() == 0);
    CHECK(c.number("forked") == 77); // it could wait for the code that its child exited with
    const auto status = c.process().wait();
    REQUIRE(status);
    CHECK(status->success());
    CHECK(wait_error(c.pid()) == ECHILD);
}

TEST_CASE("a child that reaps itself does not get no_new_privs") {
    if (!can_autoreap())
        SKIP_TEST(no_autoreap);
    const int own = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    const auto r = run({"facts"}, reaping_itself());
    REQUIRE(r.error == 0);
    CHECK(r["no_new_privs"] == std::to_string(own));
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == own);
}
