// SPDX-License-Identifier: MIT
// Threaded domains: processes whose first thread is in a threaded cgroup below.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/opened_cgroup.hpp"

#include <pidfd_util/cgroup.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// A threaded domain with a threaded cgroup below it.
struct threaded_domain {
    test_cgroup domain;
    test_cgroup threads;
};

std::optional<threaded_domain> make_domain(const std::string& name) {
    auto domain = test_cgroup::make(name);
    if (!domain)
        return std::nullopt;
    auto threads = domain->make_below("threads");
    if (!threads || !threads->write("cgroup.type", "threaded"))
        return std::nullopt;
    return threaded_domain{std::move(*domain), std::move(*threads)};
}

/// Moves a process into the domain, and its first thread into the threaded cgroup.
bool move_first_thread(const threaded_domain& d, pid_t pid) {
    return d.domain.add(pid) && d.threads.write("cgroup.threads", std::to_string(pid));
}

} // namespace

TEST_CASE(
    "a process whose first thread is in a threaded cgroup is a member of the domain above it") {
    const auto made = make_domain("-threaded-members");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto first = test_child::running();
    const auto second = test_child::running();
    const auto outside = test_child::running();
    REQUIRE(move_first_thread(*made, first.pid()));
    REQUIRE(made->domain.add(second.pid()));
    const handle opened = open_made(made->domain);
    std::array<pidfd, 4> found;
    const auto members = opened.members(found);
    REQUIRE(members);
    CHECK(members->complete);
    REQUIRE(members->count == 2);
    for (const pid_t pid : {first.pid(), second.pid()})
        CHECK((found[0].get_pid() == pid || found[1].get_pid() == pid));
    pidfd one[1];
    const auto some = opened.members(one);
    REQUIRE(some);
    CHECK(some->count == 1);
    CHECK_FALSE(some->complete);
}

TEST_CASE(
    "kill ends a process whose first thread is in a threaded cgroup, also without cgroup.kill") {
    for (const bool by_hand : {false, true}) {
        CAPTURE(by_hand);
        const auto made = make_domain("-threaded-kill");
        if (!made)
            SKIP_TEST(no_cgroup);
        const auto first = test_child::running();
        const auto outside = test_child::running();
        REQUIRE(move_first_thread(*made, first.pid()));
        const std::string file = made->domain.path() + "/cgroup.kill";
        const bool has_file = access(file.c_str(), F_OK) == 0;
        const auto got = isolated({}, [&] {
            if (by_hand && has_file &&
                (!keep_mounts_here() ||
                 mount("/dev/null", file.c_str(), nullptr, MS_BIND, nullptr) != 0))
                return -1;
            return error_of(handle::open(made->domain.path().c_str())->kill());
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == 0);
        CHECK(first.fd().wait_exit_for(20s));
        CHECK(outside.fd().is_alive() == true);
    }
}
