// SPDX-License-Identifier: MIT
// A new pid namespace that the caller's own state forbids, although its kernel supports it: EINVAL.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct refusal {
    bool set_up;
    int error;
    spawn_step step;
};

refusal ask() {
    refusal r{};
    r.set_up = true;
    spawn_options o;
    o.new_namespaces = namespace_flags::pid;
    const auto c = spawn(spawnee(), arguments({}), o, &r.step);
    r.error = c ? 0 : c.error().value();
    return r;
}

/// Gets the right to make namespaces. An unprivileged caller becomes root of a user namespace for
/// that.
surroundings able() {
    surroundings around;
    around.user_namespace = true;
    return around;
}

template <class F>
void check_invalid(F prepare_and_ask) {
    (void)spawnee(); // while children are born here
    const auto got = isolated(able(), prepare_and_ask);
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->set_up)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(got->error == EINVAL);
    CHECK(got->step == spawn_step::clone);
}

[[noreturn]] void sleep_until_killed() {
    for (;;)
        pause();
}

/// Runs the function in a forked child, and returns what it returned.
template <class F>
refusal in_child(F f) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return {};
    const pid_t pid = fork();
    if (pid == 0) {
        const refusal r = f();
        (void)!write(ends[1], &r, sizeof r);
        _exit(0);
    }
    close(ends[1]);
    refusal r{};
    (void)!read(ends[0], &r, sizeof r);
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    return r;
}

} // namespace

TEST_CASE("a new pid namespace is made if the caller's state allows it") {
    const auto got = isolated(able(), ask);
    if (!got)
        SKIP_TEST(got.missing);
    if (got->error == EPERM || got->error == ENOSPC)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(got->error == 0);
}

TEST_CASE("a caller whose children are born in another pid namespace cannot make one more") {
    check_invalid([] { return unshare(CLONE_NEWPID) == 0 ? ask() : refusal{}; });
}

TEST_CASE("a caller whose new pid namespace has its first process cannot make one more") {
    check_invalid([] {
        if (unshare(CLONE_NEWPID) != 0)
            return refusal{};
        const pid_t first = fork();
        if (first == 0)
            sleep_until_killed();
        const refusal r = ask();
        kill(first, SIGKILL);
        waitpid(first, nullptr, 0);
        return r;
    });
}

TEST_CASE(
    "a caller whose pid namespace belongs to a user namespace below its own cannot make one more") {
    check_invalid([] {
        // The first process of a pid namespace that belongs to a new user namespace.
        int ready[2];
        if (pipe2(ready, O_CLOEXEC) != 0)
            return refusal{};
        const pid_t maker = fork();
        if (maker == 0) {
            const bool made = unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0;
            const pid_t first = made ? fork() : -1;
            if (first == 0)
                sleep_until_killed();
            (void)!write(ready[1], &first, sizeof first);
            sleep_until_killed();
        }
        pid_t first = -1;
        (void)!read(ready[0], &first, sizeof first);
        const std::string path = "/proc/" + std::to_string(first) + "/ns/pid";
        const unique_fd space(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        refusal r{};
        if (first > 0 && space && setns(space.get(), CLONE_NEWPID) == 0)
            r = in_child([] { return ask(); }); // which is in there
        for (const pid_t pid : {first, maker})
            if (pid > 0)
                kill(pid, SIGKILL);
        waitpid(maker, nullptr, 0);
        return r;
    });
}
