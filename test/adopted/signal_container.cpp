// SPDX-License-Identifier: MIT
// The traps of a runtime that signals a container by its state file: see signal_container.hpp.
#include "signal_container.hpp"

#include "support/answers.hpp"
#include "support/boot.hpp"
#include "support/error_of.hpp"
#include "support/newcomer.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <string>

using namespace pidfd_util;
using namespace support;

namespace {

bool has_names() {
    return has(feature::pidfs) && boot_id_is_readable();
}
constexpr const char* no_names = "processes have no names that last here";

std::string state_of_container(const test_child& c) {
    const auto text = adopted::describe_container(c.fd());
    REQUIRE(text);
    return *text;
}

int signal_by(const std::string& text) {
    return error_of(adopted::signal_container(text, SIGKILL));
}

} // namespace

TEST_CASE("signal_container signals a container that runs") {
    if (!has_names())
        SKIP_TEST(no_names);
    test_child c = test_child::running();
    const std::string text = state_of_container(c);
    CHECK(signal_by(text) == 0);
    c.wait_for_end();
    CHECK(signal_by(text) == ESRCH); // a zombie
}

TEST_CASE("signal_container spares a process that got the number within the same clock tick") {
    if (!has_names())
        SKIP_TEST(no_names);
    // A tick is 10 ms. A slow machine needs several rounds.
    bool in_one_tick = false;
    for (int i = 0; i < 500 && !in_one_tick; ++i) {
        test_child c = test_child::running();
        const std::string text = state_of_container(c);
        const auto before = c.fd().get_stamp();
        REQUIRE(before);
        c.reap();
        const newcomer heir(c.pid());
        if (!heir)
            SKIP_TEST(no_chosen_pid);
        const auto after = pidfd::from_pid(c.pid()).value().get_stamp();
        REQUIRE(after);
        in_one_tick = *after == *before;
        CHECK(signal_by(text) == ESRCH);
        CHECK(heir.is_untouched());
    }
    if (!in_one_tick)
        SKIP_TEST("no number is used again within a clock tick");
}

TEST_CASE("signal_container refuses a state file of another boot, or one that is damaged") {
    if (!has_names())
        SKIP_TEST(no_names);
    const test_child c = test_child::running();
    const std::string text = state_of_container(c);
    std::string earlier = text;
    char& digit = earlier[text.find('@') + 1];
    digit = digit == '0' ? '1' : '0';
    CHECK(adopted::signal_container(earlier, SIGKILL).error() == pidfd_errc::foreign_boot);
    for (const std::string& damaged : {std::string(), text.substr(0, text.find(' ')),
                                       text.substr(1 + text.find('@')), "1" + text.substr(1) + "x"})
        CHECK(signal_by(damaged) == EINVAL);
    CHECK(c.fd().is_alive() == true);
}
