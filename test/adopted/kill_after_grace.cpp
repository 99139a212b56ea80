// SPDX-License-Identifier: MIT
// The traps of a builder that gives its jobs a grace period: see kill_after_grace.hpp.
#include "kill_after_grace.hpp"

#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/error_of.hpp"
#include "support/process_tree.hpp"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// A child that ignores SIGTERM, and exits by itself after the time.
child ending_after(useconds_t microseconds) {
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    test_child made = test_child::that([=] {
        std::signal(SIGTERM, SIG_IGN);
        (void)!write(ready[1], "r", 1);
        usleep(microseconds);
        return 9;
    });
    made.go();
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    auto opened = pidfd::from_pid(made.pid());
    REQUIRE(opened);
    made.disown();
    return child(std::move(*opened));
}

} // namespace

TEST_CASE("a child that ends as the grace period does has one status, and bystanders live") {
    const pid_t bystander = fork_sleeper();
    int killed = 0;
    int exited = 0;
    for (int i = 0; i < 1000; ++i) {
        child process = ending_after(1000);
        const auto status = adopted::kill_after_grace(process, SIGTERM, 1ms);
        REQUIRE(error_of(status) == 0);
        REQUIRE((status->code() == 9 || status->signal() == SIGKILL));
        ++(status->code() ? exited : killed);
        CHECK(process.kill().error() == pidfd_errc::not_found);
        REQUIRE(is_untouched(bystander));
    }
    CAPTURE(killed, exited);
    CHECK(killed + exited == 1000);
    kill_made(bystander);
    waitpid(bystander, nullptr, 0);
}

TEST_CASE("kill_after_grace ends the whole group of the child, and no other group") {
    const pid_t bystander = fork_sleeper();
    life_line line;
    test_child leader = test_child::that([&] {
        setpgid(0, 0);
        if (fork() == 0) {
            std::signal(SIGTERM, SIG_IGN);
            line.write("m");
            live_on();
        }
        line.write("l");
        live_on();
        return 0;
    });
    leader.go();
    line.wait_for(2);
    auto opened = pidfd::from_pid(leader.pid());
    REQUIRE(opened);
    leader.disown();
    child process(std::move(*opened));
    const auto status =
        adopted::kill_after_grace(process, SIGTERM, 10ms, signal_scope::process_group);
    REQUIRE(error_of(status) == 0);
    CHECK(line.is_deserted());
    CHECK(is_untouched(bystander));
    kill_made(bystander);
    waitpid(bystander, nullptr, 0);
}

TEST_CASE("destroy_cgroup kills what is in the cgroup and removes it") {
    auto parent = test_cgroup::make("builds");
    if (!parent)
        SKIP_TEST(no_cgroup);
    auto job = parent->make_below("job");
    REQUIRE(job);
    const auto above = cgroup::open(parent->path().c_str());
    REQUIRE(above);
    test_child member = test_child::ready([&] { return job->add(0); });
    REQUIRE(member.prepared());
    CHECK(error_of(adopted::destroy_cgroup(*above, job->name().c_str(), 60s)) == 0);
    CHECK(member.fd().is_alive() == false);
    CHECK(inode_of(job->path()) == 0);
}
