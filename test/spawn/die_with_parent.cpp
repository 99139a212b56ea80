// SPDX-License-Identifier: MIT
// die_with_parent: the child dies when the calling process ends, not when a thread does.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/newborn.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/tracer.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <linux/capability.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

spawn_options dying(namespace_flags more = namespace_flags::none) {
    spawn_options o;
    o.die_with_parent = true;
    o.new_namespaces = more;
    return o;
}

bool possible(const spawn_options& o) {
    auto c = spawn(spawnee(), arguments({}), o);
    if (c)
        (void)c->wait();
    return c.has_value();
}

/// Whether a child with these options dies when its parent is killed.
void check_that_it_dies(const spawn_options& options) {
    if (!possible(options))
        SKIP_TEST("this user may not start such a child");
    // The writing end of this pipe is the child's, as long as it lives.
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const char* const program = spawnee();
    auto parent = test_child::that([&] {
        const fd_mapping map[] = {{ends[1], 1}};
        spawn_options o = options;
        o.fds = map;
        const auto c = spawn(program, arguments({"ready", "sleep"}), o);
        close(ends[1]);
        while (c)
            pause();
        return 1;
    });
    parent.go();
    close(ends[1]);
    char text[6];
    CHECK(read(ends[0], text, 6) == 6);
    parent.reap(); // kills it
    CHECK(read(ends[0], text, 1) == 0);
    close(ends[0]);
}

spawn_options as_nobody() {
    spawn_options o = dying();
    o.uid = 65534;
    o.gid = 65534;
    o.groups = no_groups;
    return o;
}

} // namespace

TEST_CASE("a child dies with its parent") {
    check_that_it_dies(dying());
}

TEST_CASE("a child with other ids dies with its parent") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    check_that_it_dies(as_nobody());
}

TEST_CASE("the first process of a new pid namespace dies with its parent") {
    check_that_it_dies(dying(namespace_flags::pid));
}

TEST_CASE("a child in a new user namespace dies with its parent") {
    check_that_it_dies(dying(namespace_flags::pid | namespace_flags::user));
}

TEST_CASE("a child whose parent ends before it has asked for its signal does not run") {
    const char* const program = spawnee();
    for (const namespace_flags more : {namespace_flags::none, namespace_flags::pid}) {
        if (!possible(dying(more)))
            SKIP_TEST("this user may not make pid namespaces");
        test_child parent = test_child::that([&] {
            const auto c = spawn(program, arguments({}), dying(more));
            return c ? 0 : 1;
        });
        const pid_t child = child_at_birth(parent);
        if (child < 0)
            SKIP_TEST("nothing can be traced here");
        tracee t(child);
        if (!t.traced())
            SKIP_TEST("nothing can be traced here");
        parent.reap(); // kills it
        bool ran = false;
        for (auto call = t.next_call(); call; call = t.next_call())
            ran = ran || call->number == SYS_execve;
        CHECK_FALSE(ran);
        CHECK(t.wait_for_end() != 0);
    }
}

TEST_CASE("a thread that may end before the process gets EOPNOTSUPP, and nothing is started") {
    struct {
        int error = 0;
        spawn_step step{};
    } got;
    const int children = count_children();
    std::thread([&] {
        const auto c = spawn(spawnee(), arguments({}), dying(), &got.step);
        got.error = c ? 0 : c.error().value();
    }).join();
    CHECK(got.error == EOPNOTSUPP);
    CHECK(got.step == spawn_step::parent_death);
    CHECK(count_children() == children);
}

TEST_CASE("a child outlives other threads of its parent") {
    auto c = spawn(spawnee(), arguments({"sleep"}), dying());
    REQUIRE(c);
    std::thread([] {}).join();
    const auto alive = c->is_alive();
    REQUIRE(alive);
    CHECK(*alive);
    CHECK(c->kill());
    CHECK(c->wait());
}

TEST_CASE("die_with_parent beside a parent-death signal is refused") {
    spawn_options o = dying();
    o.parent_death_signal = SIGTERM;
    spawn_step step{};
    const auto c = spawn(spawnee(), arguments({}), o, &step);
    REQUIRE_FALSE(c);
    CHECK(c.error().value() == EINVAL);
    CHECK(step == spawn_step::options);
}

TEST_CASE("a sandbox that hides which thread calls is reported") {
    surroundings around;
    around.kernel = {"no gettid", {{SYS_gettid, EPERM}}};
    const auto got = isolated(around, [] {
        const auto c = spawn(spawnee(), arguments({}), dying());
        return c ? 0 : c.error().value();
    });
    REQUIRE(got);
    CHECK(*got == ERFKILL);
}

namespace {

/// What a child does just before it runs the program: keeps CAP_KILL alone in its permitted set.
int keep_one_capability(void*) noexcept {
    constexpr std::uint32_t kept = 1U << CAP_KILL;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{kept, kept, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

} // namespace

TEST_CASE("the kernel resets the signal of a root that execve gives capabilities back, unless "
          "no_new_privs is set") {
    if (geteuid() != 0)
        SKIP_TEST("only root gets capabilities back");
    spawn_options o = dying();
    o.copy_memory = true;
    o.before_exec = keep_one_capability;
    CHECK(run({"facts"}, o)["parent_death_signal"] == "0");
    o.no_new_privs = true;
    CHECK(run({"facts"}, o)["parent_death_signal"] == std::to_string(SIGKILL));
}

TEST_CASE("in a new pid namespace, a parent-death signal other than SIGKILL ends no program that "
          "does not handle it") {
    spawn_options o;
    o.new_namespaces = namespace_flags::pid;
    if (!possible(o))
        SKIP_TEST("this user may not make pid namespaces");
    for (const int signal : {SIGTERM, SIGKILL}) {
        CAPTURE(signal);
        const gate g; // at its end, so does the child, if it lives
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        const char* const program = spawnee();
        auto parent = test_child::that([&] {
            const fd_mapping map[] = {{ends[1], 1}, {g.closed.get(), 6}};
            o.fds = map;
            o.parent_death_signal = signal;
            const auto c = spawn(program, arguments({"facts", "ready", "copy", "6"}), o);
            while (c) // it is killed below
                pause();
            return 1;
        });
        parent.go();
        close(ends[1]);
        std::string output;
        char text[256];
        for (ssize_t size = 1; output.find("ready") == std::string::npos && size > 0;) {
            size = read(ends[0], text, sizeof text);
            output.append(text, size > 0 ? static_cast<std::size_t>(size) : 0);
        }
        CHECK(output.find("parent_death_signal " + std::to_string(signal)) != std::string::npos);
        parent.reap();
        CHECK(((events_of(ends[0], signal == SIGKILL ? long_time : 200) & POLLHUP) != 0) ==
              (signal == SIGKILL));
        close(ends[0]);
    }
}
