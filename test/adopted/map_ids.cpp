// SPDX-License-Identifier: MIT
// The traps of a program that maps the ids of its child and limits its time: see map_ids.hpp.
#include "map_ids.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr const char* no_user_namespace = "no user namespace can be made here";

test_child in_user_namespace() {
    return test_child::ready([] { return unshare(CLONE_NEWUSER) == 0; });
}

struct own_maps {
    std::string uids = "0 " + std::to_string(geteuid()) + " 1";
    std::string gids = "0 " + std::to_string(getegid()) + " 1";
    operator adopted::id_maps() const { return {uids, gids}; }
};

std::string uid_map(pid_t pid) {
    return read_file_at(-1, ("/proc/" + std::to_string(pid) + "/uid_map").c_str());
}

} // namespace

TEST_CASE("map_ids maps the ids of a child that waits for it") {
    const test_child c = in_user_namespace();
    if (!c.prepared())
        SKIP_TEST(no_user_namespace);
    REQUIRE(uid_map(c.pid()).empty());
    CHECK(error_of(adopted::map_ids(c.fd(), own_maps())) == 0);
    CHECK_FALSE(uid_map(c.pid()).empty());
}

TEST_CASE("map_ids writes nothing if the child has ended, even if another process has its number") {
    test_child c = in_user_namespace();
    if (!c.prepared())
        SKIP_TEST(no_user_namespace);
    REQUIRE(c.fd().kill());
    c.wait_for_end();
    CHECK(error_of(adopted::map_ids(c.fd(), own_maps())) == ESRCH);
    CHECK(uid_map(c.pid()).empty());
    c.reap();
    CHECK(error_of(adopted::map_ids(c.fd(), own_maps())) == ESRCH);

    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t heir = fork_with_pid(c.pid());
    if (heir == 0) {
        (void)!write(ready[1], unshare(CLONE_NEWUSER) == 0 ? "y" : "n", 1);
        live_on();
    }
    if (heir != c.pid())
        SKIP_TEST(no_chosen_pid);
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    CHECK(error_of(adopted::map_ids(c.fd(), own_maps())) == ESRCH);
    CHECK(uid_map(heir).empty());
    kill_made(heir);
    waitpid(heir, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
}

TEST_CASE("wait_at_most ends a stopped child at the limit, and takes no other child's status") {
    child limited = sleeping();
    test_child other = test_child::that([] { return 5; });
    other.go();
    other.wait_for_end();
    REQUIRE(limited.send_signal(SIGSTOP));
    const auto status = adopted::wait_at_most(limited, 10ms);
    REQUIRE(error_of(status) == 0);
    CHECK(status->signal() == SIGKILL);
    int word = 0;
    REQUIRE(waitpid(other.pid(), &word, 0) == other.pid());
    other.disown();
    CHECK(WEXITSTATUS(word) == 5);
}

TEST_CASE("wait_at_most returns the status of a child that ends before the limit") {
    child quick = exiting(4);
    const auto status = adopted::wait_at_most(quick, 1h);
    REQUIRE(error_of(status) == 0);
    CHECK(status->code() == 4);
}
