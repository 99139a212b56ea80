// SPDX-License-Identifier: MIT
// The process group of a process that is gone.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using support::error_of;

TEST_CASE("a signal to the group that a reaped process led reaches what is left of the group") {
    if (query(feature::signal_scope) != availability::available)
        SKIP_TEST("no signal scopes: Linux before 6.9");
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    auto leader = support::test_child::that([&] {
        std::signal(SIGTERM, SIG_DFL); // Catch handles it
        setpgid(0, 0);
        if (fork() == 0) {
            (void)!write(ready[1], "g", 1);
            for (;;)
                pause();
        }
        return 0;
    });
    leader.go();
    close(ready[1]);
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    leader.wait_for_end();
    leader.reap();
    REQUIRE(error_of(leader.fd().send_signal(0)) == ESRCH);
    CHECK(error_of(leader.fd().send_signal(SIGTERM, signal_scope::process_group)) == 0);
    CHECK(read(ready[0], &byte, 1) == 0); // the other process has ended
    close(ready[0]);
    int error = 0;
    for (int i = 0; i < 1000 && error == 0; ++i) { // until init has reaped that one, too
        usleep(10000);
        error = error_of(leader.fd().send_signal(0, signal_scope::process_group));
    }
    CHECK(error == ESRCH);
}
