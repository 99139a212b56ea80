// SPDX-License-Identifier: MIT
// The contract of all waits with a limit: a limit that passes is an error, so that a result is true
// only if the event has happened.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <type_traits>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

using owner = pidfd_util::child;

template <class Returned, class T>
constexpr bool gives = std::is_same_v<Returned, expected<T, std::error_code>>;

constexpr pidfd_view view; // only named, never asked
constexpr clock_type::time_point some_time;
using views = std::vector<pidfd_view>;

static_assert(gives<decltype(view.wait_for(1s)), exit_status>);
static_assert(gives<decltype(view.wait_until(some_time)), exit_status>);
static_assert(gives<decltype(std::declval<owner&>().wait_for(1s)), exit_status>);
static_assert(gives<decltype(std::declval<owner&>().wait_until(some_time)), exit_status>);
static_assert(gives<decltype(std::declval<owner&>().stop()), stop_result>);
static_assert(gives<decltype(std::declval<owner&>().stop(default_stop)), stop_result>);
static_assert(gives<decltype(view.wait_exit_for(1s)), void>);
static_assert(gives<decltype(view.wait_exit_until(some_time)), void>);
static_assert(gives<decltype(view.wait_change_for(wait_flags::exited, 1s)), state_change>);
static_assert(gives<decltype(view.wait_change_until(wait_flags::exited, some_time)), state_change>);
static_assert(gives<decltype(wait_any_for(views(), 1s)), std::size_t>);
static_assert(gives<decltype(wait_any_until(views(), some_time)), std::size_t>);
static_assert(gives<decltype(wait_all_for(views(), 1s)), void>);
static_assert(gives<decltype(wait_all_until(views(), some_time)), void>);

// Without a limit there is nothing to time out.
static_assert(gives<decltype(view.try_wait()), std::optional<exit_status>>);
static_assert(gives<decltype(std::declval<owner&>().try_wait()), std::optional<exit_status>>);
static_assert(
    gives<decltype(view.try_wait_change(wait_flags::exited)), std::optional<state_change>>);
static_assert(gives<decltype(view.get_exit_status()), std::optional<exit_status>>);
static_assert(
    gives<decltype(std::declval<owner&>().get_exit_status()), std::optional<exit_status>>);
static_assert(gives<decltype(view.is_alive()), bool>);

/// A wait with a limit that has passed already, as an errno.
struct limited {
    const char* name;
    int (*wait)(owner& process, const owner& another);
};

template <class T>
int error_of(const expected<T>& result) {
    return result ? 0 : result.error().value();
}

constexpr wait_flags any_change = wait_flags::exited | wait_flags::stopped | wait_flags::continued;

constexpr limited waits[] = {
    {"pidfd_view::wait_for",
     [](owner& c, const owner&) { return error_of(pidfd_view(c).wait_for(0s)); }},
    {"pidfd_view::wait_until",
     [](owner& c, const owner&) { return error_of(pidfd_view(c).wait_until(some_time)); }},
    {"child::wait_for", [](owner& c, const owner&) { return error_of(c.wait_for(0s)); }},
    {"child::wait_until", [](owner& c, const owner&) { return error_of(c.wait_until(some_time)); }},
    {"wait_exit_for", [](owner& c, const owner&) { return error_of(c.wait_exit_for(0s)); }},
    {"wait_exit_until",
     [](owner& c, const owner&) { return error_of(c.wait_exit_until(some_time)); }},
    {"wait_change_for",
     [](owner& c, const owner&) {
         return error_of(pidfd_view(c).wait_change_for(any_change, 0s));
     }},
    {"wait_change_until",
     [](owner& c, const owner&) {
         return error_of(pidfd_view(c).wait_change_until(any_change, some_time));
     }},
    {"wait_any_for",
     [](owner& c, const owner& d) {
         return error_of(wait_any_for({pidfd_view(c), pidfd_view(d)}, 0s));
     }},
    {"wait_any_until",
     [](owner& c, const owner& d) {
         return error_of(wait_any_until({pidfd_view(c), pidfd_view(d)}, some_time));
     }},
    {"wait_all_for",
     [](owner& c, const owner& d) {
         return error_of(wait_all_for({pidfd_view(c), pidfd_view(d)}, 0s));
     }},
    {"wait_all_until",
     [](owner& c, const owner& d) {
         return error_of(wait_all_until({pidfd_view(c), pidfd_view(d)}, some_time));
     }},
    {"stop",
     [](owner& c, const owner&) {
         const stop_step harmless[] = {{0, 0s}};
         return error_of(c.stop(harmless));
     }},
    {"stop without a step",
     [](owner& c, const owner&) { return error_of(c.stop(std::vector<stop_step>())); }},
};

} // namespace

TEST_CASE(
    "every wait whose limit passes fails with ETIMEDOUT, on every kernel, and loses nothing") {
    struct answer {
        int errors[std::size(waits)];
        bool status;
    };
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            answer a{};
            int fds[2];
            fork_sleeping(fds[0]);
            fork_sleeping(fds[1]);
            owner c(*pidfd::adopt(unique_fd(fds[0])));
            owner d(*pidfd::adopt(unique_fd(fds[1])));
            for (std::size_t i = 0; i < std::size(waits); ++i)
                a.errors[i] = waits[i].wait(c, d);
            (void)!c.kill();
            (void)!d.kill();
            const auto first = c.wait_for(1h);
            const auto second = d.wait();
            a.status = first && first->signal() == SIGKILL && second;
            return a;
        });
        REQUIRE(got);
        for (std::size_t i = 0; i < std::size(waits); ++i) {
            CAPTURE(waits[i].name);
            CHECK(got->errors[i] == ETIMEDOUT);
        }
        CHECK(got->status);
    }
}

TEST_CASE("a timeout has a message and equals std::errc::timed_out, but none of the library's "
          "conditions") {
    const auto lives = support::test_child::running();
    const auto result = lives.fd().wait_exit_for(0s);
    REQUIRE_FALSE(result);
    CHECK(result.error() == std::errc::timed_out);
    CHECK(result.error().category() == pidfd_category());
    CHECK(result.error().message() == "the time limit has passed");
    for (const pidfd_errc meaning :
         {pidfd_errc::unsupported, pidfd_errc::not_found, pidfd_errc::not_a_pidfd,
          pidfd_errc::foreign_namespace, pidfd_errc::forbidden_by_sandbox,
          pidfd_errc::no_visible_parent})
        CHECK(result.error() != meaning);
}

TEST_CASE("the result of a wait with a time limit is true only if the event has happened") {
    owner c = sleeping();
    if (c.wait_for(1ms) || c.wait_exit_for(1ms) || wait_all_for({pidfd_view(c)}, 1ms))
        FAIL("it has not ended");
    REQUIRE(c.kill());
    if (const auto status = c.wait_for(1h))
        CHECK(status->signal() == SIGKILL);
    else
        FAIL("it has ended");
}

TEST_CASE(
    "a result without an answer yet can be compared at once, and an error equals neither answer") {
    owner c = sleeping();
    CHECK(c.is_alive() == true);
    CHECK(c.try_wait() == std::nullopt);
    CHECK(c.get_exit_status() == std::nullopt);
    REQUIRE(c.kill());
    REQUIRE(c.wait_exit());
    CHECK(c.is_alive() == false);
    CHECK(c.try_wait() != std::nullopt);
    CHECK(c.get_exit_status() != std::nullopt);
    CHECK_FALSE(view.is_alive() == true);
    CHECK_FALSE(view.is_alive() == false);
    CHECK_FALSE(view.try_wait() == std::nullopt);
}
