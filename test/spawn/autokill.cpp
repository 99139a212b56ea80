// SPDX-License-Identifier: MIT
// Children that end with their pidfd, CLONE_PIDFD_AUTOKILL.
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
#include <linux/capability.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_autokill =
    "no CLONE_PIDFD_AUTOKILL: Linux before 7.1, or not on this machine";

spawn_options ending_with_pidfd(bool no_new_privs = true) {
    spawn_options o;
    o.autoreap = true;
    o.autokill = true;
    o.no_new_privs = no_new_privs;
    return o;
}

bool can_autokill() {
    auto c = spawn(spawnee(), arguments({}), ending_with_pidfd());
    return c && c->wait();
}

bool drop_capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    return syscall(SYS_capset, &header, none) == 0;
}

/// Whether the child ends when its pidfd is closed.
bool ends_with_pidfd(pidfd_util::child c) {
    const auto watch = pidfd::from_pid(c.get_pid().value_or(-1));
    if (!watch || watch->is_alive() != true)
        return false;
    c = pidfd_util::child();
    const auto status = status_after_end(*watch);
    return status && status->signal() == SIGKILL;
}

struct attempt {
    bool dropped;
    int error;
    spawn_step step;
    bool killed;
};

/// In a separate process, with all rights of the caller or with none.
attempt try_to_spawn(bool privileged, bool no_new_privs) {
    const auto got = isolated({}, [=] {
        attempt a{};
        a.dropped = privileged || drop_capabilities();
        auto c = spawn(spawnee(), arguments({"sleep"}), ending_with_pidfd(no_new_privs), &a.step);
        a.error = c ? 0 : c.error().value();
        a.killed = c && ends_with_pidfd(std::move(*c));
        return a;
    });
    REQUIRE(got);
    return *got;
}

} // namespace

TEST_CASE("a child that ends with its pidfd lives on when another pidfd of it is closed") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    talking_child c({"ready", "read", "exit", "4"}, ending_with_pidfd());
    REQUIRE(c.error() == 0);
    CHECK(c.line() == "ready");
    for (int i = 0; i < 10; ++i) {
        auto other = pidfd::from_pid(c.pid());
        REQUIRE(other);
        CHECK(other->is_alive() == true);
        other->reset();
        auto copy = c.fd().duplicate();
        REQUIRE(copy);
        copy->reset();
    }
    CHECK(events_of(c.fd().fd(), 20) == 0);
    c.go(); // and exits by itself
    const auto status = c.process().wait();
    REQUIRE(status);
    CHECK(status->code() == 4);
}

TEST_CASE("a child whose pidfd is closed is killed by SIGKILL, as another pidfd shows") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    talking_child c({"ready", "sleep"}, ending_with_pidfd());
    REQUIRE(c.error() == 0);
    CHECK(c.line() == "ready");
    const auto other = pidfd::from_pid(c.pid());
    REQUIRE(other);
    const pid_t pid = c.pid();
    c.process() = pidfd_util::child();
    const auto status = status_after_end(*other);
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
    CHECK(waitpid(pid, nullptr, WNOHANG | __WALL) == -1);
    CHECK(errno == ECHILD);
    CHECK(other->is_alive() == false);
}

TEST_CASE("a child that ended before its pidfd was closed keeps its own status") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    talking_child c({"ready", "read", "exit", "7"}, ending_with_pidfd());
    REQUIRE(c.error() == 0);
    CHECK(c.line() == "ready");
    const auto other = pidfd::from_pid(c.pid());
    REQUIRE(other);
    c.go();
    CHECK((events_of(other->fd(), long_time) & POLLIN) != 0);
    c.process() = pidfd_util::child();
    const auto status = status_after_end(*other);
    REQUIRE(status);
    CHECK(status->code() == 7);
}

TEST_CASE("a child that ends with its pidfd lives as long as another process has that pidfd") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    talking_child c({"ready", "sleep"}, ending_with_pidfd());
    REQUIRE(c.error() == 0);
    CHECK(c.line() == "ready");
    const auto other = pidfd::from_pid(c.pid());
    REQUIRE(other);
    test_child keeper = test_child::running(); // a fork, with a copy of everything
    c.process() = pidfd_util::child();
    CHECK(events_of(other->fd(), 20) == 0);
    CHECK(other->is_alive() == true);
    keeper.reap();
    const auto status = status_after_end(*other);
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("a child that ends with its pidfd also ends with its parent, however the parent ends") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    int pids[2];
    REQUIRE(pipe2(pids, O_CLOEXEC) == 0);
    test_child parent = test_child::that([&] {
        auto c = spawn(spawnee(), arguments({"sleep"}), ending_with_pidfd());
        const pid_t pid = c ? c->get_pid().value_or(-1) : -1;
        (void)!write(pids[1], &pid, sizeof pid);
        for (;;)
            pause();
        return 0;
    });
    parent.go();
    pid_t pid = -1;
    CHECK(read(pids[0], &pid, sizeof pid) == sizeof pid);
    close(pids[0]);
    close(pids[1]);
    const auto fd = pidfd::from_pid(pid);
    REQUIRE(fd);
    CHECK(fd->is_alive() == true);
    parent.reap(); // by SIGKILL
    const auto status = status_after_end(*fd);
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("a child that ends with its pidfd needs no_new_privs, or a caller with CAP_SYS_ADMIN") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    const attempt restricted = try_to_spawn(false, true);
    CHECK(restricted.dropped);
    CHECK(restricted.error == 0);
    CHECK(restricted.killed);

    const attempt refused = try_to_spawn(false, false);
    CHECK(refused.dropped);
    CHECK(refused.error == EPERM);
    CHECK(refused.step == spawn_step::clone);

    const attempt of_caller = try_to_spawn(true, false);
    if (geteuid() == 0) {
        CHECK(of_caller.error == 0);
        CHECK(of_caller.killed);
    } else {
        CHECK(of_caller.error == EPERM);
    }
    const attempt both = try_to_spawn(true, true);
    CHECK(both.error == 0);
    CHECK(both.killed);
}

TEST_CASE("no_new_privs of a child that ends with its pidfd is set only in the child") {
    if (!can_autokill())
        SKIP_TEST(no_autokill);
    const int own = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    const auto restricted = run({"facts"}, ending_with_pidfd(true));
    REQUIRE(restricted.error == 0);
    CHECK(restricted["no_new_privs"] == "1");
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == own);
    if (geteuid() != 0)
        return;
    const auto free = run({"facts"}, ending_with_pidfd(false));
    REQUIRE(free.error == 0);
    CHECK(free["no_new_privs"] == std::to_string(own));
}

TEST_CASE("autokill without autoreap is an invalid argument") {
    spawn_options o = ending_with_pidfd();
    o.autoreap = false;
    spawn_step step{};
    const auto c = spawn(spawnee(), arguments({}), o, &step);
    REQUIRE_FALSE(c);
    CHECK(c.error().value() == EINVAL);
    CHECK(step == spawn_step::options);
}
