// SPDX-License-Identifier: MIT
// The parent ends after it has made its child, and before the child has asked for its parent-death
// signal. A tracer stops the child in between.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"
#include "support/newborn.hpp"
#include "support/tracer.hpp"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct orphan {
    bool traced;
    bool ran; // the program
    int status;
};

/// Starts a child, and ends its parent before the child has done anything.
orphan orphaned(const spawn_options& options) {
    const char* const program = spawnee(); // here: the first call may make a child
    test_child parent = test_child::that([&] {
        const auto c = spawn(program, arguments({}), options);
        return c ? 0 : c.error().value();
    });
    orphan got{};
    const pid_t child = child_at_birth(parent);
    if (child < 0)
        return got;
    tracee t(child);
    got.traced = t.traced();
    if (!got.traced)
        return got; // it stays stopped, and `t` ends it
    parent.reap();  // kills it
    for (auto call = t.next_call(); call; call = t.next_call())
        got.ran = got.ran || call->number == SYS_execve;
    got.status = t.wait_for_end();
    return got;
}

/// Whether this user may make a child with these options.
bool possible(const spawn_options& options) {
    const auto c = spawn(spawnee(), arguments({}), options);
    return c.has_value();
}

spawn_options with_death_signal(namespace_flags more = namespace_flags::none) {
    spawn_options o;
    o.parent_death_signal = SIGKILL;
    o.new_namespaces = more;
    return o;
}

void check_that_it_does_not_run(const spawn_options& options) {
    if (!possible(options))
        SKIP_TEST("this user may not make these namespaces");
    const orphan got = orphaned(options);
    if (!got.traced)
        SKIP_TEST("nothing can be traced here");
    CHECK_FALSE(got.ran);
    CHECK(WIFEXITED(got.status));
    CHECK(WEXITSTATUS(got.status) == ESRCH);
}

} // namespace

TEST_CASE("a child whose parent ends before its parent-death signal is set does not run") {
    check_that_it_does_not_run(with_death_signal());
}

TEST_CASE("the first process of a new pid namespace, which sees no parent, does not run if its "
          "parent has ended") {
    check_that_it_does_not_run(with_death_signal(namespace_flags::pid));
}

TEST_CASE("a child in a new user namespace, with a copy of the memory, does not run if its parent "
          "has ended") {
    check_that_it_does_not_run(with_death_signal(namespace_flags::pid | namespace_flags::user));
}

TEST_CASE("without a parent-death signal a child continues after its parent has ended") {
    const orphan got = orphaned({});
    if (!got.traced)
        SKIP_TEST("nothing can be traced here");
    CHECK(got.ran);
    CHECK(WIFEXITED(got.status));
    CHECK(WEXITSTATUS(got.status) == 0);
}
