// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/child.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

using owner = pidfd_util::child;

const std::string sigterm = std::to_string(SIGTERM);

owner deaf() {
    return sleeping({"ignore", sigterm.c_str()});
}

} // namespace

TEST_CASE("stop ends a child with SIGTERM, and reports the first step") {
    owner c = sleeping();
    const auto result = c.stop();
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
    // The step of SIGTERM has no time of its own, so its effect may be seen only after the SIGCONT.
    CHECK(result->step.value_or(9) <= 1);
    CHECK(c.status()->signal() == SIGTERM);
    CHECK(c.wait()->signal() == SIGTERM);
}

TEST_CASE("stop takes the next step for a child that ignores SIGTERM") {
    owner c = deaf();
    const stop_step steps[] = {{SIGTERM, 10ms}, {SIGKILL, 1h}, {SIGSTOP, 1h}};
    const auto result = c.stop(steps);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGKILL);
    CHECK(result->step == 1);
}

TEST_CASE("stop continues a stopped child, so that it handles the SIGTERM") {
    owner c = sleeping();
    REQUIRE(c.send_signal(SIGSTOP));
    REQUIRE(pidfd_view(c).wait_change(wait_flags::stopped));
    const auto result = c.stop();
    REQUIRE(result);
    CHECK(result->status.signal() == SIGTERM);
    CHECK(result->step == 1);
}

TEST_CASE("stop kills a stopped child that is not continued") {
    owner c = sleeping();
    REQUIRE(c.send_signal(SIGSTOP));
    REQUIRE(pidfd_view(c).wait_change(wait_flags::stopped));
    const std::vector<stop_step> steps{{SIGTERM, 5ms}, {SIGKILL, 1h}};
    const auto result = c.stop(steps);
    REQUIRE(result);
    CHECK(result->status.signal() == SIGKILL);
    CHECK(result->step == 1);
}

TEST_CASE("stop sends no signal to a child that has ended") {
    // An invalid signal number: sending it would fail.
    const stop_step impossible[] = {{9999, 1h}};
    int fd = -1;
    REQUIRE(fork_exiting(51, fd) > 0);
    owner c = owner_of(fd);
    REQUIRE(c.wait_exit());
    for (int i = 0; i < 2; ++i) {
        const auto result = c.stop(impossible);
        REQUIRE(result);
        CHECK(result->status.code() == 51);
        CHECK_FALSE(result->step);
    }
    owner lives = sleeping();
    CHECK(lives.stop(impossible).error().value() == EINVAL);
    CHECK(lives.stop());

    // A filter would also answer the call: no step may reach the kernel.
    surroundings around;
    around.kernel = {"no signals", {{SYS_pidfd_send_signal, EPERM}}};
    const auto got = isolated(around, [] {
        int ended = -1;
        fork_exiting(52, ended);
        owner inner = owner_of(ended);
        (void)!inner.wait_exit();
        const auto result = inner.stop();
        return result && result->status.code() == 52 && !result->step;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("stop of a child that ends by itself before the signal reports no step") {
    // The child ends between the check and the signal: the kernel returns this errno for a child
    // that reaps itself.
    surroundings around;
    around.kernel = {"gone", {{SYS_pidfd_send_signal, ESRCH}}};
    struct facts {
        bool ended;
        bool step;
    };
    const auto got = isolated(around, [] {
        int fd = -1;
        const auto exit_soon = [](void*) -> int {
            usleep(20000);
            return 53;
        };
        fork_with_pidfd(exit_soon, nullptr, fd);
        owner c = owner_of(fd);
        const stop_step steps[] = {{SIGTERM, 1h}};
        const auto result = c.stop(steps);
        return facts{result && result->status.code() == 53, result && result->step};
    });
    REQUIRE(got);
    CHECK(got->ended);
    CHECK_FALSE(got->step);
}

TEST_CASE(
    "stop of a child that outlives its steps times out, and the child can still be waited for") {
    owner c = deaf();
    const stop_step gentle[] = {{SIGTERM, 1ms}, {SIGTERM, 1ms}};
    const auto result = c.stop(gentle);
    CHECK(timed_out(result));
    CHECK_FALSE(c.status());
    CHECK(*c.is_alive());
    CHECK(timed_out(c.stop(std::vector<stop_step>())));
    REQUIRE(c.kill());
    CHECK(c.wait()->signal() == SIGKILL);
    const auto after = c.stop(std::vector<stop_step>());
    REQUIRE(after);
    CHECK_FALSE(after->step);
}

TEST_CASE("stop reports that a sandbox refuses the signal, and the child lives on") {
    surroundings around;
    around.kernel = {"no signals", {{SYS_pidfd_send_signal, EPERM}}};
    const auto got = isolated(around, [] {
        int fd = -1;
        const pid_t pid = fork_sleeping(fd);
        owner c = owner_of(fd);
        const auto result = c.stop();
        const int error = result ? 0 : result.error().value();
        const bool alive = c.is_alive().value_or(false);
        kill_made(pid);
        const auto status = c.wait();
        return error == ERFKILL && alive && status && status->signal() == SIGKILL;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("stop works on a child that reaps itself because SIGCHLD is ignored") {
    const auto gone = support::test_child::reaped();
    if (!gone.fd().get_exit_status())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        int bad = 0;
        for (int i = 0; i < 50; ++i) {
            int fd = -1;
            std::signal(SIGTERM, SIG_DFL);
            fork_sleeping(fd);
            owner c = owner_of(fd);
            const auto result = c.stop();
            bad += result && result->status.signal() == SIGTERM ? 0 : 1;
        }
        return bad;
    });
    REQUIRE(got);
    CHECK(*got == 0);
}
