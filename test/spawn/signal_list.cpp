// SPDX-License-Identifier: MIT
// Lists of signals as options.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <csignal>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr signal_list two = {SIGINT, SIGTERM};
static_assert(two.has_value() && two.contains(SIGINT) && two.contains(SIGTERM));
static_assert(!two.contains(SIGHUP) && !two.contains(0) && !two.contains(-1));
static_assert(!two.contains(1000) && two.is_valid());
static_assert(!signal_list().has_value() && signal_list().is_valid());
static_assert(no_signals.has_value() && no_signals.is_valid() && !no_signals.contains(SIGINT));
static_assert(!signal_list({0}).is_valid() && !signal_list({SIGINT, -1}).is_valid());
static_assert(!signal_list({1000}).is_valid());

int error_with(const spawn_options& o) {
    spawn_step step{};
    auto c = spawn(spawnee(), arguments({}), o, &step);
    if (c)
        (void)c->wait();
    else
        CHECK(step == spawn_step::options);
    return c ? 0 : c.error().value();
}

} // namespace

TEST_CASE("a list is made of numbers or of a set, and copied") {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMAX);
    signal_list list = &set;
    sigemptyset(&set);
    CHECK(list.has_value());
    CHECK(list.contains(SIGUSR1));
    CHECK(list.contains(SIGRTMAX));
    CHECK_FALSE(list.contains(SIGUSR2));
    list = {SIGUSR2};
    CHECK(list.contains(SIGUSR2));
    CHECK_FALSE(list.contains(SIGUSR1));
    list = nullptr;
    CHECK_FALSE(list.has_value());
    list = no_signals;
    CHECK(list.has_value());
    list = {};
    CHECK_FALSE(list.has_value());
    list = {SIGINT};
    list.reset();
    CHECK_FALSE(list.has_value());
    CHECK_FALSE(list.contains(SIGINT));
}

TEST_CASE("numbers that no signal has are refused in each list") {
    for (const int wrong : {0, -1, 1000}) {
        spawn_options o;
        o.signal_mask = {wrong};
        CHECK(error_with(o) == EINVAL);
        o = {};
        o.default_signals = {SIGINT, wrong};
        CHECK(error_with(o) == EINVAL);
        o = {};
        o.ignored_signals = {wrong, SIGINT};
        CHECK(error_with(o) == EINVAL);
    }
}

TEST_CASE("a child blocks the signals of a list, or none") {
    spawn_options o;
    o.signal_mask = {SIGUSR1, SIGUSR2};
    CHECK(run({"facts"}, o)["blocked"] == "a00");
    o.signal_mask = no_signals;
    CHECK(run({"facts"}, o)["blocked"] == "0");
    o.ignored_signals = {SIGUSR1};
    CHECK(run({"facts"}, o)["ignored"].find("2") != std::string::npos);
}
