// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-jobs.md. The build copies its C++ blocks into guide_jobs_blocks.hpp.
#include "guide_jobs_blocks.hpp"

#include "../support/catch.hpp"
#include "../support/cgroups.hpp"
#include "../support/isolated.hpp"
#include "guide_output.hpp"
#include "guide_processes.hpp"

#include <cerrno>
#include <unistd.h>

TEST_CASE("the guide's functions find, count and kill processes and their descendants") {
    const char* const with_child[] = {"/bin/sh", "-c", "sleep 60 & sleep 60; :", nullptr};
    child parent = started(with_child);
    const pidfd process = pidfd_of(parent);
    while (count_children(process) != 2U)
        REQUIRE(parent.is_alive() == true);
    CHECK(kill_with_descendants(process) == 3U);
    CHECK(parent.wait()->signal() == SIGKILL);
    CHECK(terminate_all("no such name") == 0);
}

TEST_CASE("the guide's subreaper leaves nothing behind") {
    const auto cleaned = support::isolated({}, [] {
        const char* const daemon[] = {"/bin/sh", "-c", "(setsid sleep 60 &) ; exit 0", nullptr};
        const auto killed = run_and_clean_up(daemon);
        return killed ? static_cast<int>(*killed) : -killed.error().value();
    });
    REQUIRE(cleaned);
    CHECK(*cleaned == 1);
}

TEST_CASE("the guide stops a process group") {
    const char* const with_child[] = {"/bin/sh", "-c", "sleep 60 & sleep 60; :", nullptr};
    const auto stopped = run_group_for_a_second(with_child);
    REQUIRE(stopped);
    CHECK(stopped->status.signal() == SIGTERM);
    CHECK(stopped->step == 0U);
}

TEST_CASE("the guide stops children together") {
    std::vector<child> children;
    for (int i = 0; i < 5; ++i)
        children.push_back(started(lasting));
    CHECK(stop_together(children, 10s) == 5);
    for (child& c : children)
        CHECK(c.wait()->signal() == SIGTERM);
}

TEST_CASE("the guide's page about jobs shows what its functions print") {
    check_outputs(guide_jobs_outputs, {{"print_usage", [] {
                                            child process = started(quick);
                                            CHECK(print_usage(process));
                                            CHECK(process.usage()->peak_resident > 0);
                                        }}});
}

TEST_CASE("the guide's functions show what a process is, and release its memory") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto text = summary(*self);
    REQUIRE(text);
    CHECK(text->find(" running, ") != std::string::npos);
    CHECK(text->find(" KiB") != std::string::npos);
    child victim = started(lasting);
    CHECK(kill_and_release(pidfd_of(victim)));
    CHECK(victim.wait()->signal() == SIGKILL);
    const auto largest = find_largest();
    if (!largest) // all scores are 0
        CHECK(largest.error() == std::errc::no_such_process);
}

TEST_CASE("the guide stops a cgroup with a process that has left the group") {
    const auto made = support::test_cgroup::make("-guide");
    if (!made)
        SKIP_TEST("no cgroup2 hierarchy in which this user may make a cgroup");
    const auto jobs = cgroup::open(made->path().c_str());
    REQUIRE(jobs);
    const char* const daemon[] = {"/bin/sh", "-c",
                                  "setsid sleep 60 & trap '' TERM; sleep 60; :", nullptr};
    const auto stopped = run_job_for_a_second(*jobs, "job", daemon);
    if (!stopped && stopped.error() == pidfd_errc::unsupported)
        SKIP_TEST("no child can be born in a cgroup here");
    REQUIRE(stopped);
    CHECK(stopped->status.signal() == SIGKILL);
    CHECK(stopped->step == 1U);
    CHECK(jobs->is_empty() == true);

    const auto job = jobs->create("members");
    REQUIRE(job);
    spawn_options options;
    options.cgroup = job->fd();
    auto member = spawn(lasting[0], lasting, options);
    REQUIRE(member);
    CHECK(signal_members(*job, SIGTERM) == 1U);
    CHECK(finish_or_kill(*job));
    CHECK(member->wait()->signal() == SIGTERM);
    CHECK(jobs->remove("members"));
}
