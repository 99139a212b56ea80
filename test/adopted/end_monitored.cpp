// SPDX-License-Identifier: MIT
// The traps of a sandbox whose processes belong to a fork server: see end_monitored.hpp.
#include "end_monitored.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <chrono>
#include <csignal>
#include <optional>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("end_monitored after the fork server has reaped the process spares the next owner") {
    test_child target = test_child::running();
    target.reap(); // by SIGKILL
    const newcomer heir(target.pid());
    if (!heir)
        SKIP_TEST(no_chosen_pid);
    const auto status = adopted::end_monitored(target.fd(), 60s);
    REQUIRE(error_of(status) == 0);
    CHECK(heir.is_untouched());
    if (keeps_exits())
        CHECK((*status)->signal() == SIGKILL);
    else
        CHECK_FALSE(*status);
}

TEST_CASE("end_monitored returns the status of a process that the fork server has reaped") {
    test_child target = test_child::that([] { return 3; });
    target.go();
    target.wait_for_end();
    target.reap();
    if (!keeps_exits())
        SKIP_TEST("the kernel keeps no status of a reaped process");
    const auto status = adopted::end_monitored(target.fd(), 60s);
    REQUIRE(error_of(status) == 0);
    REQUIRE(*status);
    CHECK((*status)->code() == 3);
}

TEST_CASE("end_monitored ends a process although the fork server hangs") {
    // The fork server is a child of this test which does not reap its own child.
    int report[2];
    REQUIRE(pipe(report) == 0);
    test_child server = test_child::that([&] {
        const pid_t made = fork_sleeper();
        (void)!write(report[1], &made, sizeof made);
        live_on();
        return 0;
    });
    server.go();
    pid_t pid = -1;
    REQUIRE(read(report[0], &pid, sizeof pid) == sizeof pid);
    close(report[0]);
    close(report[1]);
    const auto target = pidfd::from_pid(pid);
    REQUIRE(target);
    const auto status = adopted::end_monitored(*target, 60s);
    REQUIRE(error_of(status) == 0); // and not an internal error
    CHECK_FALSE(*status);           // it is not known before the fork server reaps
    CHECK(target->is_alive() == false);
}
