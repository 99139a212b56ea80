// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-surroundings.md. The build copies its C++ blocks into guide_surroundings_blocks.hpp.
#include "guide_surroundings_blocks.hpp"

#include "../support/catch.hpp"
#include "../support/isolated.hpp"
#include "guide_output.hpp"
#include "guide_processes.hpp"

TEST_CASE("the guide's functions enter namespaces, or fail for lack of permission") {
    // In a child, because it moves the calling thread. Root in a container may lack permission too.
    const auto entered = support::isolated({}, [] {
        const auto self = pidfd::from_self();
        if (!self)
            return -1;
        const auto done = enter(*self);
        const int error = done ? 0 : done.error().value();
        return enter_network_by_pid(getpid()) == (error == 0) ? error : -1;
    });
    REQUIRE(entered);
    CHECK((*entered == 0 || *entered == EPERM));

    const auto self = pidfd::from_self();
    REQUIRE(self);
    child here = started(lasting);
    const auto shared = share_a_network(*self, pidfd_of(here));
    REQUIRE(shared);
    CHECK(*shared);
    CHECK(here.stop());
    const auto gone = share_a_network(*self, pidfd_of(here));
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == pidfd_errc::not_found);
}

TEST_CASE("the guide has a name for every process") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto id = self->get_id();
    CHECK(name_for_the_log(*self) ==
          (id ? "process " + std::to_string(*id) : "pid " + std::to_string(getpid())));
    CHECK(name_for_the_log(pidfd()) == "a process that is gone or not visible");
}

TEST_CASE("the guide distinguishes errors, and describes the system") {
    child process = started(quick);
    const pidfd gone = pidfd_of(process);
    CHECK(process.wait());
    const auto sent = gone.kill();
    REQUIRE_FALSE(sent);
    CHECK(advice_for(sent.error()) == std::string("it is gone: clean up"));
    const std::string text = printed(describe_system);
    for (const feature f : all_features)
        CHECK(text.find(to_string(f)) != std::string::npos);
    CHECK(text.find("get_creds uses the path ") != std::string::npos);
}
