// SPDX-License-Identifier: MIT
// A seccomp filter can answer "success, 0" and let the kernel do nothing. No operation takes that
// for done, and none takes fd 0 for what it has opened.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/spawn_steps.hpp"
#include "uapi.hpp"

#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

surroundings claiming(rule r) {
    surroundings around;
    around.kernel = {"claims success", {r}};
    return around;
}
surroundings claiming(long number) {
    return claiming(rule{number, 0});
}

/// An operation that opens a file descriptor, and the call that makes it.
struct opener {
    const char* name;
    rule claims;
    std::function<int(pidfd_view, pid_t)> open; // the fd, which it leaves open; or a negated errno
};

template <class Owner>
int fd_of(expected<Owner> made) {
    return made ? made->release() : -made.error().value();
}

std::vector<opener> openers() {
    const auto open_proc = [](pidfd_view p, pid_t) { return fd_of(p.open_proc()); };
    const auto get_namespace = [](pidfd_view p, pid_t) {
        return fd_of(p.get_namespace(namespace_type::uts));
    };
    return {
        {"from_pid",
         {SYS_pidfd_open, 0},
         [](pidfd_view, pid_t pid) { return fd_of(pidfd::from_pid(pid)); }},
        {"from_self",
         {SYS_pidfd_open, 0},
         [](pidfd_view, pid_t) { return fd_of(pidfd::from_self()); }},
        {"duplicate",
         {uapi::sys_fcntl, 0},
         [](pidfd_view p, pid_t) { return fd_of(p.duplicate()); }},
        {"get_remote_fd",
         {SYS_pidfd_getfd, 0},
         [](pidfd_view p, pid_t) { return fd_of(p.get_remote_fd(0)); }},
        {"open_proc", {SYS_openat, 0}, open_proc},
        {"open_proc", {SYS_openat2, 0}, open_proc},
        {"get_namespace", {SYS_ioctl, 0}, get_namespace},
        {"get_namespace", {SYS_openat, 0}, get_namespace},
    };
}

const fd_mapping null_to_itself[] = {{0, 0}};

std::vector<step_taken> steps() {
    std::vector<step_taken> all = steps_of_spawn();
    all.push_back({spawn_step::signal_setup, SYS_rt_sigprocmask, [](spawn_options&) {}});
    all.push_back({spawn_step::file_descriptors, uapi::sys_fcntl, [](spawn_options& o) {
                       o.fds = null_to_itself;
                       o.close_other_fds = false;
                   }});
    return all;
}

} // namespace

TEST_CASE("fd 0, the pidfd of another process, is neither taken for a new one nor closed") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child asked = test_child::running();
    const test_child victim = test_child::running();
    for (const opener& o : openers()) {
        CAPTURE(o.name, o.claims.number);
        struct result {
            int fd;
            bool zero_is_open;
        };
        surroundings around;
        const auto got = isolated(around, [&] {
            dup3(victim.fd().fd(), 0, O_CLOEXEC);
            if (!install({o.claims}))
                return result{0, false};
            const int fd = o.open(asked.fd(), asked.pid());
            struct stat st {};
            return result{fd, fstat(0, &st) == 0};
        });
        REQUIRE(got);
        CHECK(got->zero_is_open);
        CHECK(got->fd != 0);
        // Queries of a namespace have two paths, and openat2 is tried before others.
        if (o.name != std::string("get_namespace") && o.claims.number != SYS_openat2)
            CHECK(got->fd < 0);
    }
}

TEST_CASE("no step of a spawned child is taken for done if nothing was done") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    for (const step_taken& s : steps()) {
        CAPTURE(static_cast<int>(s.step), s.number);
        struct result {
            int error;
            spawn_step step;
        };
        const auto got = isolated(claiming(s.number), [&] {
            spawn_options o;
            s.set(o);
            result r{0, {}};
            auto c = spawn(spawnee(), arguments({"exit", "0"}), o, &r.step);
            r.error = error_of(c);
            return r;
        });
        REQUIRE(got);
        CHECK(got->error == (s.step == spawn_step::clone ? EOPNOTSUPP : ENOSYS));
        CHECK(static_cast<int>(got->step) == static_cast<int>(s.step));
    }
}

TEST_CASE("a process that has ended is not called alive, nor is one waited for without an end") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child gone = test_child::zombie();
    const test_child here = test_child::running();
    const auto alive =
        isolated(claiming(uapi::sys_ppoll), [&] { return error_of(gone.fd().is_alive()); });
    REQUIRE(alive);
    CHECK(*alive == ENOSYS);
    for (const long call : {long{SYS_epoll_create1}, long{SYS_epoll_ctl}, long{SYS_epoll_pwait}}) {
        CAPTURE(call);
        const auto waited = isolated(claiming(call), [&] {
            std::vector<pidfd_view> many(100, here.fd());
            many.back() = gone.fd();
            return error_of(wait_any(many));
        });
        REQUIRE(waited);
        CHECK(*waited == ENOSYS);
    }
}

TEST_CASE("a namespace is not taken for entered, nor a close-on-exec flag for set") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto entered = isolated(
        claiming(SYS_setns), [&] { return error_of(c.fd().set_namespace(namespace_flags::uts)); });
    REQUIRE(entered);
    CHECK(*entered == ENOSYS);
    const rule set_flag{uapi::sys_fcntl, 0, 1, ~0U, F_SETFD};
    const auto adopted = isolated({}, [&] {
        unique_fd fd(dup(c.fd().fd()));
        if (!install({set_flag}))
            return 0;
        return error_of(pidfd::adopt(std::move(fd)));
    });
    REQUIRE(adopted);
    CHECK(*adopted == ENOSYS);
}

TEST_CASE("a process that lives has no exit status, whatever a filter lets PIDFD_GET_INFO return") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto got = isolated(claiming(SYS_ioctl), [&] {
        const auto stranger = pidfd::from_pid(getppid());
        const auto status = stranger->get_exit_status();
        const auto dump = stranger->get_coredump();
        return (status && *status) || (dump && *dump);
    });
    REQUIRE(got);
    CHECK_FALSE(*got);
}
