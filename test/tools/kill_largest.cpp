// SPDX-License-Identifier: MIT
// The example kill-largest.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/emulated.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/rounds.hpp"
#include "support/tracer.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace support;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

finished kill_largest(const test_cgroup& group, const surroundings& s = {}) {
    return run(s, KILL_LARGEST, {group.path()});
}

/// A process that uses so much memory.
test_child large(std::size_t mebibytes) {
    test_child c = test_child::ready([=] {
        return mmap(nullptr, mebibytes * mebibyte, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED;
    });
    REQUIRE(c.prepared());
    return c;
}

bool is_alive(const test_child& c) {
    return c.fd().is_alive() == true;
}

/// Whether it was killed. It is reaped, if it has ended.
bool was_killed(test_child& c) {
    if (!c.fd().wait_exit_for(std::chrono::seconds(20)))
        return false;
    const auto status = c.fd().wait();
    c.disown();
    return status && status->signal() == SIGKILL;
}

std::string killed_line(const test_child& c) {
    return "killed " + std::to_string(c.pid()) + ", with ";
}

/// Runs the tool, and ends a process at the moment when the tool is about to make the system call.
/// Returns the wait status of the tool, or -1 if it cannot be traced.
int run_with_end_at(long number, const test_cgroup& group, test_child& victim, bool reap) {
    const pid_t pid = fork();
    if (pid == 0) {
        restore_signals();
        std::signal(SIGTRAP, SIG_IGN); // which ptrace sends after execve
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        if (be_traced())
            execl(KILL_LARGEST, KILL_LARGEST, group.path().c_str(), nullptr);
        _exit(99);
    }
    tracee tool(pid);
    if (!tool.traced())
        return -1;
    while (const auto call = tool.next_call()) {
        if (call->number != number)
            continue;
        REQUIRE(victim.fd().kill());
        victim.wait_for_end();
        if (reap)
            victim.reap();
        break;
    }
    tool.let_go();
    return tool.wait_for_end();
}

} // namespace

TEST_CASE("kill-largest kills the largest process of the cgroup, and no other") {
    const auto group = test_cgroup::make("-largest");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto below = group->make_below("below");
    REQUIRE(below);
    const auto small = large(1);
    auto largest = large(32);
    const auto beneath = large(64);
    const auto outside = large(64);
    for (const test_child* c : {&small, static_cast<const test_child*>(&largest)})
        REQUIRE(group->add(c->pid()));
    REQUIRE(below->add(beneath.pid()));
    const auto got = kill_largest(*group);
    CAPTURE(got.err, got.out);
    CHECK(got.status == 0);
    CHECK(got.out.rfind(killed_line(largest), 0) == 0);
    CHECK(got.out.find("it has ended\n") != std::string::npos);
    CHECK(was_killed(largest));
    for (const test_child* c : {&small, &beneath, &outside})
        CHECK(is_alive(*c));
}

TEST_CASE("kill-largest takes one process after another, until there is none") {
    const auto group = test_cgroup::make("-each");
    if (!group)
        SKIP_TEST(no_cgroup);
    std::vector<test_child> all;
    for (const std::size_t size : {24U, 8U, 16U})
        all.push_back(large(size));
    for (const test_child& c : all)
        REQUIRE(group->add(c.pid()));
    for (const std::size_t next : {0U, 2U, 1U}) {
        const auto got = kill_largest(*group);
        CHECK(got.status == 0);
        CHECK(got.out.rfind(killed_line(all[next]), 0) == 0);
        CHECK(was_killed(all[next]));
    }
    const auto none = kill_largest(*group);
    CHECK(none.status == 1);
    CHECK(none.out.empty());
    CHECK(none.err == "kill-largest: there is no process to kill\n");
}

TEST_CASE("kill-largest spares a process that the kernel would never kill for its memory") {
    const auto group = test_cgroup::make("-spared");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto spared = large(32);
    if (!spared.fd().set_oom_score_adj(-1000))
        SKIP_TEST("no right to lower oom_score_adj");
    auto other = large(8);
    REQUIRE(other.fd().set_oom_score_adj(-999));
    REQUIRE((group->add(spared.pid()) && group->add(other.pid())));
    CHECK(kill_largest(*group).status == 0);
    CHECK(was_killed(other));
    CHECK(kill_largest(*group).status == 1);
    CHECK(is_alive(spared));
}

TEST_CASE("kill-largest takes the next process if its choice ends before it is killed") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const bool reaped : {true, false}) {
        CAPTURE(reaped);
        const auto group = test_cgroup::make("-ended");
        if (!group)
            SKIP_TEST(no_cgroup);
        const auto small = large(1);
        auto second = large(16);
        auto first = large(32);
        for (const test_child* c : {&small, static_cast<const test_child*>(&second),
                                    static_cast<const test_child*>(&first)})
            REQUIRE(group->add(c->pid()));
        // A zombie would still take the signal: it must have ended before the tool looks.
        const long call = reaped ? SYS_pidfd_send_signal : SYS_ppoll;
        const int status = run_with_end_at(call, *group, first, reaped);
        if (status == -1)
            SKIP_TEST("nothing can be traced here");
        CHECK(status == 0);
        CHECK(was_killed(second));
        CHECK(is_alive(small));
    }
}

TEST_CASE("kill-largest gives up if each process that it chooses has ended") {
    const auto group = test_cgroup::make("-gives-up");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto c = large(1);
    REQUIRE(group->add(c.pid()));
    surroundings s;
    s.kernel = {"always gone", {{SYS_pidfd_send_signal, ESRCH}}};
    const auto got = kill_largest(*group, s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.out.empty());
    CHECK(got.err == "kill-largest: each choice ended by itself\n");
    CHECK(is_alive(c));
}

TEST_CASE("kill-largest works without process_mrelease, and on the paths for older kernels") {
    for (const profile& kernel :
         {native(), linux_6_12(), linux_5_10(), profile{"old", {{448, ENOSYS}}}}) {
        CAPTURE(kernel.name);
        const auto group = test_cgroup::make("-older");
        if (!group)
            SKIP_TEST(no_cgroup);
        const auto small = large(1);
        auto largest = large(16);
        REQUIRE((group->add(small.pid()) && group->add(largest.pid())));
        surroundings s;
        s.kernel = kernel;
        const auto got = kill_largest(*group, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CAPTURE(got.out, got.err);
        CHECK(got.status == 0);
        // The memory can be in use at this moment: then it says so.
        CHECK(got.out.find("release") != std::string::npos);
        if (kernel.name == std::string("old"))
            CHECK(got.out.find("\ndid not release its memory: not supported") != std::string::npos);
        CHECK(was_killed(largest));
        CHECK(is_alive(small));
    }
}

TEST_CASE("kill-largest hits no bystander while processes of the cgroup come and go") {
    const auto group = test_cgroup::make("-churn");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto bystander = large(64);
    auto forking = test_child::that([&] {
        restore_signals();
        if (!group->add(0))
            return 1;
        for (;;) {
            const pid_t child = fork();
            if (child == 0) {
                (void)mmap(nullptr, 4 * mebibyte, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
                _exit(0);
            }
            if (child > 0)
                waitpid(child, nullptr, 0);
        }
    });
    forking.go();
    for (int i = 0; i < rounds(20); ++i) {
        const auto got = kill_largest(*group);
        CAPTURE(got.err);
        CHECK((got.status == 0 || got.status == 1));
        CHECK(got.out.find("killed " + std::to_string(bystander.pid()) + ",") == std::string::npos);
        if (!is_alive(forking))
            break;
    }
    CHECK(is_alive(bystander));
}

TEST_CASE("kill-largest without the right to kill fails, and kills nothing") {
    const auto group = test_cgroup::make("-rights");
    if (!group)
        SKIP_TEST(no_cgroup);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const auto c = large(1);
    REQUIRE(group->add(c.pid()));
    surroundings s;
    s.uid = 65534;
    const auto got = kill_largest(*group, s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 2);
    CHECK(got.out.empty());
    CHECK(is_alive(c));
}

TEST_CASE("kill-largest refuses a directory that is not a cgroup") {
    CHECK(run({}, KILL_LARGEST, {}).status == 2);
    const auto directory = run({}, KILL_LARGEST, {"/"});
    CHECK(directory.status == 2);
    CHECK(directory.err.rfind("kill-largest: /: ", 0) == 0);
    CHECK(run({}, KILL_LARGEST, {"/nowhere"}).status == 2);
}
