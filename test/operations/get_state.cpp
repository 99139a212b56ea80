// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <csignal>
#include <string>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

std::string state_name(pidfd_view p) {
    const auto state = p.get_state();
    return state ? to_string(*state) : "error " + std::to_string(error_of(state));
}

/// Waits until the process has the state: a child that was forked runs for a moment.
std::string wait_for_state(pidfd_view p, const std::string& wanted) {
    std::string found;
    for (int i = 0; i < 2000 && found != wanted; ++i) {
        found = state_name(p);
        if (found != wanted)
            usleep(1000);
    }
    return found;
}

} // namespace

TEST_CASE("get_state follows a child through its life") {
    test_child c = test_child::running();
    CHECK(wait_for_state(c.fd(), "sleeping") == "sleeping");
    REQUIRE(kill(c.pid(), SIGSTOP) == 0);
    CHECK(wait_for_state(c.fd(), "stopped") == "stopped");
    REQUIRE(kill(c.pid(), SIGCONT) == 0);
    CHECK(wait_for_state(c.fd(), "sleeping") == "sleeping");
    (void)c.fd().kill();
    c.wait_for_end();
    CHECK(state_name(c.fd()) == "zombie");
    c.reap();
    CHECK(state_name(c.fd()) == "error " + std::to_string(ESRCH));
}

TEST_CASE("get_state of the caller is running, whatever the kernel") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            return pidfd::from_self()->get_state().value_or(process_state::unknown);
        });
        REQUIRE(got);
        CHECK(*got == process_state::running);
    }
}

TEST_CASE("get_state of a child that a debugger has stopped is a tracing stop") {
    const pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        raise(SIGSTOP);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, WUNTRACED) == pid);
    if (!WIFSTOPPED(status))
        SKIP_TEST("nothing can be traced here");
    const auto traced = pidfd::from_pid(pid);
    REQUIRE(traced);
    CHECK(state_name(pidfd_view(*traced)) == "tracing_stop");
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

TEST_CASE("get_state of a parent that waits for the child of its vfork is a disk sleep") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t parent = fork();
    if (parent == 0) {
        close(ends[1]);
        const pid_t child = vfork();
        if (child == 0) { // runs until the other end of the pipe is closed
            char byte = 0;
            (void)!read(ends[0], &byte, 1);
            _exit(0);
        }
        _exit(0);
    }
    close(ends[0]);
    const auto waiting = pidfd::from_pid(parent);
    REQUIRE(waiting);
    CHECK(wait_for_state(pidfd_view(*waiting), "disk_sleep") == "disk_sleep");
    close(ends[1]);
    waitpid(parent, nullptr, 0);
}

TEST_CASE("get_state of a process is that of its first thread") {
    talking_child c({"last_thread", "tid", "sleep"});
    REQUIRE(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    CHECK(state_name(c.fd()) == "zombie");
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("get_state of a kernel thread is idle or sleeping") {
    for (const subject& s : living())
        if (s.name == "a kernel thread") {
            const std::string state = state_name(pidfd_view(s.fd));
            CHECK((state == "sleeping" || state == "idle"));
            return;
        }
    SKIP_TEST("no kernel thread is visible here");
}
