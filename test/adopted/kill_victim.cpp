// SPDX-License-Identifier: MIT
// The traps of a daemon that frees memory: see kill_victim.hpp.
#include "kill_victim.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

test_child deaf() {
    return test_child::ready([] { return std::signal(SIGTERM, SIG_IGN) != SIG_ERR; });
}

/// Scores only this process.
auto only(pid_t wanted) {
    return [=](const pidfd& process) -> expected<std::uint64_t> {
        const auto pid = process.get_pid();
        if (!pid)
            return unexpected(pid.error());
        return *pid == wanted ? 7U : 0U;
    };
}

} // namespace

TEST_CASE("kill_victim ends a process that ignores SIGTERM right after the grace period") {
    constexpr auto grace = 30ms;
    std::chrono::nanoseconds least = 1h;
    for (int i = 0; i < 10; ++i) {
        const test_child victim = deaf();
        const auto before = std::chrono::steady_clock::now();
        const auto signal = adopted::kill_victim(victim.fd(), grace, 60s);
        least = (std::min)(least, std::chrono::steady_clock::now() - before);
        REQUIRE(error_of(signal) == 0);
        CHECK(*signal == SIGKILL);
        CHECK(victim.fd().is_alive() == false);
    }
    CHECK(least >= grace);
    CHECK(least < grace + 20ms); // the quickest of ten
}

TEST_CASE("kill_victim sees an exit in the grace period when it happens") {
    const test_child victim = test_child::ready([] {
        std::signal(SIGTERM, SIG_DFL);
        return true;
    });
    const auto signal = adopted::kill_victim(victim.fd(), 1h, 60s);
    REQUIRE(error_of(signal) == 0);
    CHECK(*signal == SIGTERM);
}

TEST_CASE("kill_victim releases memory after SIGKILL, and never after SIGTERM") {
    // A call of process_mrelease would end the caller.
    surroundings around;
    around.kernel = {"process_mrelease ends the caller", {rule::killing(SYS_process_mrelease)}};
    const auto code_of = [&](bool listens) {
        const test_child victim = listens ? test_child::ready([] {
            std::signal(SIGTERM, SIG_DFL);
            return true;
        })
                                          : deaf();
        const pid_t made = fork();
        if (made == 0) {
            if (!install(around.kernel.rules))
                end_child(2);
            const auto signal = adopted::kill_victim(victim.fd(), listens ? 1h : 10ms, 60s);
            end_child(signal ? 0 : 1);
        }
        int status = 0;
        waitpid(made, &status, 0);
        return status;
    };
    const int after_term = code_of(true);
    if (WIFEXITED(after_term) && WEXITSTATUS(after_term) == 2)
        SKIP_TEST("no filters of system calls");
    CHECK(after_term == 0);
    CHECK(WIFSIGNALED(code_of(false)));
}

TEST_CASE("a victim that is replaced after the choice is untouched") {
    test_child first = test_child::running();
    const auto victim = adopted::choose_victim(only(first.pid()));
    REQUIRE(error_of(victim) == 0);
    REQUIRE(*victim);
    first.reap();
    const newcomer heir(first.pid());
    CHECK(error_of(adopted::kill_victim(*victim, 1s, 60s)) == ESRCH);
    if (!heir)
        SKIP_TEST(no_chosen_pid);
    CHECK(heir.is_untouched());
}

TEST_CASE("the victim is the process that was scored, also if its number is another's by then") {
    std::optional<test_child> first(test_child::running());
    const pid_t pid = first->pid();
    std::optional<newcomer> heir;
    // The process ends while it is scored, and another one gets its number.
    const auto victim = adopted::choose_victim([&](const pidfd& process) {
        const auto scored = only(pid)(process);
        if (scored && *scored != 0 && !heir) {
            first->reap();
            heir.emplace(pid);
        }
        return scored;
    });
    REQUIRE(error_of(victim) == 0);
    REQUIRE(heir);
    if (!*heir)
        SKIP_TEST(no_chosen_pid);
    CHECK(error_of(adopted::kill_victim(*victim, 1s, 60s)) == ESRCH);
    CHECK(heir->is_untouched());
}
