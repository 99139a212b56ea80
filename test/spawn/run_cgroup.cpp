// SPDX-License-Identifier: MIT
// How `run` stops a job with its cgroup.
#include "support/error_of.hpp"
#include "support/jobs.hpp"
#include "support/opened_cgroup.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

using namespace std::chrono_literals;
using namespace support;
using namespace support::jobs;
using pidfd_util::run_options;

namespace {

/// Runs a program with a descendant in a session of its own, until the descendant has written. Empty
/// where no child can be born in a cgroup.
std::optional<pidfd_util::run_result> run_with_descendant(const handle& home, bool stop_cgroup) {
    for (auto limit = 20ms;; limit *= 2) {
        run_options o = limited(limit);
        o.spawn.cgroup = home.fd();
        o.stop_cgroup = stop_cgroup;
        auto r = run({"sleep_beside", "setsid", "say", "1", "descendant", "sleep"}, o);
        if (error_of(r) == EOPNOTSUPP)
            return std::nullopt;
        REQUIRE(r);
        CHECK(r->timed_out);
        if (r->output == "descendant")
            return std::move(*r);
        REQUIRE(home.kill());
        REQUIRE(limit < 60s);
    }
}

} // namespace

TEST_CASE("a descendant in a session of its own is stopped with the cgroup, and only with it") {
    const auto made = test_cgroup::make("-run");
    if (!made)
        SKIP_TEST(no_cgroup);
    const int fds = count_fds();
    for (const bool stop_cgroup : {true, false}) {
        CAPTURE(stop_cgroup);
        const auto below = made->make_below(stop_cgroup ? "stopped" : "left");
        REQUIRE(below);
        const handle home = open_made(*below);
        const auto r = run_with_descendant(home, stop_cgroup);
        if (!r)
            SKIP_TEST("no child is born in a cgroup: Linux before 5.7, or another machine");
        CHECK(r->output_held_open == !stop_cgroup);
        CHECK(home.is_empty() == stop_cgroup);
        CHECK(home.kill());
        CHECK(home.wait_empty_for(60s));
    }
    check_nothing_left(fds);
}

TEST_CASE("a cgroup is stopped only if the program is born in one") {
    run_options o = limited(1ms);
    o.stop_cgroup = true;
    CHECK(error_of(run({"sleep"}, o)) == EINVAL);
}
