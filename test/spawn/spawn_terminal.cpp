// SPDX-License-Identifier: MIT
// The child's terminal: the controlling one of a new session, or the foreground of a group.
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/pseudo_terminal.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct facts {
    bool set_up;
    int error;
    spawn_step step;
    bool in_foreground; // the child, before it ran anything else
    bool in_session;    // the terminal is that of the child's session
    bool restored;      // the caller's group has the terminal after a failure
};

facts start(const char* file, const pseudo_terminal& terminal, const spawn_options& o) {
    facts f{};
    f.set_up = true;
    spawn_options with = o;
    with.terminal = terminal.slave();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return f;
    const fd_mapping both[] = {{terminal.slave(), 0}, {ends[1], 1}};
    with.fds = both;
    auto c = spawn(file, arguments({"facts", "terminal", "0"}), with, &f.step);
    close(ends[1]);
    f.error = c ? 0 : c.error().value();
    run_result r;
    char text[4096];
    for (ssize_t size = 0; (size = read(ends[0], text, sizeof text)) > 0;)
        r.output.append(text, static_cast<std::size_t>(size));
    close(ends[0]);
    if (c)
        (void)c->wait();
    f.in_foreground = r["foreground"] == r["pgid"];
    f.in_session = r["terminal_session"] == r["sid"];
    f.restored = tcgetpgrp(terminal.slave()) == getpgrp();
    return f;
}

spawn_options in_group(pid_t group = 0) {
    spawn_options o;
    o.process_group = group;
    return o;
}

spawn_options in_session() {
    spawn_options o;
    o.new_session = true;
    return o;
}

/// Calls `f(terminal)` in a session on a new terminal.
template <class F>
auto on_terminal(F f) {
    const auto got = isolated({}, [f] {
        const pseudo_terminal terminal;
        return in_session_on(terminal, [&] { return f(terminal); });
    });
    REQUIRE(got);
    if (!got->set_up)
        skip_at_once("no pseudo-terminals here");
    return *got;
}

int refusal_of(const spawn_options& o, spawn_step& step) {
    const auto c = spawn(spawnee(), arguments({}), o, &step);
    return c ? 0 : c.error().value();
}

} // namespace

TEST_CASE("a new session gets its controlling terminal, and has it in the foreground") {
    const auto got = isolated({}, [] {
        const pseudo_terminal terminal;
        return terminal ? start(spawnee(), terminal, in_session()) : facts{};
    });
    REQUIRE(got);
    if (!got->set_up)
        SKIP_TEST("no pseudo-terminals here");
    CHECK(got->error == 0);
    CHECK(got->in_foreground);
    CHECK(got->in_session);
}

TEST_CASE("a new process group is in the foreground before its program runs") {
    const auto got = on_terminal(
        [](const pseudo_terminal& terminal) { return start(spawnee(), terminal, in_group()); });
    CHECK(got.error == 0);
    CHECK(got.in_foreground);
    CHECK(got.in_session);
    CHECK_FALSE(got.restored); // the shell takes it back itself
}

TEST_CASE("a group that another child leads becomes the foreground group when a child joins it") {
    const auto got = on_terminal([](const pseudo_terminal& terminal) {
        auto leader = spawn(spawnee(), arguments({"sleep"}), in_group());
        facts f{};
        if (const auto pid = leader->get_pid())
            f = start(spawnee(), terminal, in_group(*pid));
        (void)leader->kill();
        (void)leader->wait();
        return f;
    });
    CHECK(got.error == 0);
    CHECK(got.in_foreground);
}

TEST_CASE("a background shell may start a foreground job, without being stopped by SIGTTOU") {
    const auto got = on_terminal([](const pseudo_terminal& terminal) {
        auto other = spawn(spawnee(), arguments({"sleep"}), in_group());
        const auto pid = other->get_pid();
        (void)!tcsetpgrp(terminal.slave(), *pid);
        const facts f = start(spawnee(), terminal, in_group());
        (void)other->kill();
        (void)other->wait();
        return f;
    });
    CHECK(got.error == 0);
    CHECK(got.in_foreground);
}

TEST_CASE("if the program cannot be run, the group that had the terminal gets it back") {
    for (const bool copied : {false, true}) {
        const auto got = on_terminal([copied](const pseudo_terminal& terminal) {
            spawn_options o = in_group();
            o.copy_memory = copied;
            return start("/nonexistent", terminal, o);
        });
        CHECK(got.error == ENOENT);
        CHECK(got.step == spawn_step::exec);
        CHECK(got.restored);
    }
}

TEST_CASE("a terminal without a session or group of the child's own, and a negative one, are "
          "refused") {
    spawn_step step{};
    for (const bool session : {false, true}) {
        spawn_options o;
        o.new_session = session;
        o.terminal = session ? -1 : 0;
        CHECK(refusal_of(o, step) == EINVAL);
        CHECK(step == spawn_step::options);
    }
}

TEST_CASE("a file that is not a terminal is ENXIO, and a closed file descriptor is EBADF") {
    const unique_fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (spawn_options o : {in_session(), in_group()}) {
        spawn_step step{};
        o.terminal = null.get();
        CHECK(refusal_of(o, step) == ENXIO);
        CHECK(step == spawn_step::terminal);
        o.terminal = 9999;
        CHECK(refusal_of(o, step) == EBADF);
        CHECK(step == spawn_step::terminal);
    }
}

TEST_CASE("the terminal of another session is ENXIO for a group, and not taken from it") {
    struct answers {
        bool set_up;
        int group;
        int session;
        bool kept;
    };
    const auto got = on_terminal([](const pseudo_terminal& terminal) {
        answers a{};
        a.set_up = true;
        // A child in a session of its own asks.
        int ends[2];
        (void)!pipe2(ends, O_CLOEXEC);
        const pid_t pid = fork();
        if (pid == 0) {
            setsid();
            spawn_step step{};
            spawn_options o = in_group();
            o.terminal = terminal.slave();
            a.group = refusal_of(o, step);
            o = in_session();
            o.terminal = terminal.slave();
            a.session = refusal_of(o, step);
            (void)!write(ends[1], &a, sizeof a);
            support::end_child(0);
        }
        (void)!read(ends[0], &a, sizeof a);
        waitpid(pid, nullptr, 0);
        a.kept = tcgetsid(terminal.slave()) == getsid(0);
        return a;
    });
    CHECK(got.group == ENXIO);
    CHECK(got.session == EPERM);
    CHECK(got.kept);
}

TEST_CASE("the terminal is the caller's file descriptor, even if a mapping takes its number") {
    const auto got = isolated({}, [] {
        const pseudo_terminal terminal;
        if (!terminal)
            return facts{};
        facts f{};
        f.set_up = true;
        const unique_fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
        const fd_mapping map[] = {{null.get(), terminal.slave()}, {terminal.slave(), 0}};
        spawn_options o = in_session();
        o.terminal = terminal.slave();
        o.fds = map;
        auto c = spawn(spawnee(), arguments({}), o, &f.step);
        f.error = c ? 0 : c.error().value();
        if (c)
            (void)c->wait();
        return f;
    });
    REQUIRE(got);
    if (!got->set_up)
        SKIP_TEST("no pseudo-terminals here");
    CHECK(got->error == 0);
}

TEST_CASE("a closed terminal is EBADF, even if the library's own pidfd gets its number") {
    for (spawn_options o : {in_session(), in_group()}) {
        for (const bool dies : {false, true}) {
            o.terminal = lowest_free_fd();
            o.die_with_parent = dies;
            o.parent_death_signal = dies ? 0 : SIGTERM;
            spawn_step step{};
            CHECK(refusal_of(o, step) == EBADF);
            CHECK(step == spawn_step::terminal);
        }
    }
}
