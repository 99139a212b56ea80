// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-waits.md. The build copies its C++ blocks into guide_waits_blocks.hpp.
#include "guide_waits_blocks.hpp"

#include "../support/catch.hpp"
#include "guide_output.hpp"
#include "guide_processes.hpp"

TEST_CASE("the guide's signal functions end a process, and accept one that is already gone") {
    child first = started(lasting);
    CHECK(terminate(pidfd_of(first)));
    CHECK(done_in_time(first) == false); // a signal ended it
    CHECK(first.status()->signal() == SIGTERM);
    CHECK(terminate(pidfd_of(first)));

    child second = started(lasting);
    CHECK(terminate_by_pid(pid_of(second)));
    CHECK(second.wait());

    child third = started(lasting);
    CHECK(stop_in_steps(third));
    CHECK(third.status()->signal() == SIGINT);
}

TEST_CASE("the guide's waits return how a process ended") {
    child good = started(quick);
    const auto well = succeeded(good);
    REQUIRE(well);
    CHECK(*well);
    child killed = started(lasting);
    CHECK(killed.kill());
    const auto badly = succeeded(killed);
    REQUIRE(badly);
    CHECK_FALSE(*badly);

    child seen = started(quick);
    CHECK(wait_for_other(pidfd_of(seen)));
    CHECK(exit_code_by_pid(pid_of(seen)) == 0);

    std::vector<child> several;
    several.push_back(started(quick));
    several.push_back(started(quick));
    CHECK(watch(several));
    for (child& c : several)
        CHECK(c.wait());
}

TEST_CASE("the guide's functions for /proc read what they say") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto text = command_line(*self);
    REQUIRE(text);
    std::string right;
    const std::string raw = command_line_by_pid(getpid());
    for (std::size_t at = 0; at < raw.size(); at = raw.find('\0', at) + 1)
        right += '"' + raw.substr(at, raw.find('\0', at) - at) + "\" ";
    CHECK_FALSE(text->empty());
    CHECK(*text == right);
    describe(*self);
    CHECK(has_open(*self, self->fd()) == true);
    CHECK(has_open(*self, 9999) == false);
    const auto io = io_counters(*self);
    CHECK((!io || io->find("read_bytes:") != std::string::npos));
}

TEST_CASE("the guide's page about waits shows what its functions print") {
    const char* const stubborn[] = {"/bin/sh", "-c",
                                    "trap '' INT TERM; echo; while :; do sleep 60; done", nullptr};
    check_outputs(guide_waits_outputs,
                  {{"stop_in_steps",
                    [&] {
                        auto job = spawn_with_streams(stubborn[0], stubborn, {},
                                                      {{}, stream_choice::new_pipe(), {}});
                        REQUIRE(job);
                        char ready = 0;
                        REQUIRE(read(job->ends.output.get(), &ready, 1) ==
                                1); // it ignores signals now
                        CHECK(stop_in_steps(job->process));
                    }},
                   {"succeeded",
                    [] {
                        child killed = started(lasting);
                        CHECK(killed.kill());
                        CHECK(succeeded(killed) == false);
                    }},
                   {"wait_for_other",
                    [] {
                        child seen = started(quick);
                        CHECK(wait_for_other(pidfd_of(seen)));
                    }},
                   {"watch",
                    [] {
                        std::vector<child> one;
                        one.push_back(started(quick));
                        CHECK(watch(one));
                    }},
                   {"describe", [] { describe(pidfd_of(started(lasting))); }}});
}
