// SPDX-License-Identifier: MIT
// Signals to the process group of a process, also of one that is gone.
#include "support/answers.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_scopes = "no signal scopes: Linux before 6.9";

/// The leader of a process group, a child of the test, and a member, which is the leader's child.
class led_group {
public:
    /// Both are ready afterwards. A leader that does not live exits once the member is there.
    explicit led_group(bool leader_lives)
        : leader_(test_child::that([this, leader_lives] { return lead(leader_lives); })) {
        leader_.go();
        close(ends_[1]);
        char byte = 0;
        REQUIRE(read(ends_[0], &byte, 1) == 1);
    }
    led_group(const led_group&) = delete;
    led_group& operator=(const led_group&) = delete;
    ~led_group() { close(ends_[0]); }

    test_child& leader() { return leader_; }
    int send(int signal) {
        return error_of(leader_.fd().send_signal(signal, signal_scope::process_group));
    }
    /// Waits until all other processes that hold the pipe, including the member, have ended.
    bool member_has_ended() {
        char byte = 0;
        return read(ends_[0], &byte, 1) == 0;
    }

private:
    /// The writing end is open in the member until a signal ends it.
    int lead(bool leader_lives) {
        std::signal(SIGTERM, SIG_DFL); // Catch handles it
        setpgid(0, 0);
        if (fork() == 0) {
            (void)!write(ends_[1], "g", 1);
            for (;;)
                pause();
        }
        close(ends_[1]);
        while (leader_lives)
            pause();
        return 0;
    }

    struct pipe_ends {
        int of[2] = {-1, -1};
        pipe_ends() { REQUIRE(pipe2(of, O_CLOEXEC) == 0); }
        int operator[](int i) const { return of[i]; }
    };
    pipe_ends ends_;
    test_child leader_;
};

} // namespace

TEST_CASE("a signal to the process group reaches all of its processes, and no other process") {
    if (!has(feature::signal_scope))
        SKIP_TEST(no_scopes);
    const test_child outside = test_child::running();
    led_group group(true);
    CHECK(group.send(SIGTERM) == 0);
    CHECK(group.member_has_ended());
    const auto status = group.leader().fd().wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGTERM);
    CHECK(*outside.fd().is_alive());
}

TEST_CASE("a signal to the group that a reaped process led reaches the rest of the group") {
    if (!has(feature::signal_scope))
        SKIP_TEST(no_scopes);
    led_group group(false);
    group.leader().wait_for_end();
    group.leader().reap();
    REQUIRE(error_of(group.leader().fd().send_signal(0)) == ESRCH);
    CHECK(group.send(SIGTERM) == 0);
    CHECK(group.member_has_ended());
    int error = 0;
    for (int i = 0; i < 1000 && error == 0; ++i) { // until init has reaped the member
        usleep(10000);
        error = group.send(0);
    }
    CHECK(error == ESRCH);
}

TEST_CASE("a signal to the group of a process that leads none fails with EINVAL, and with ESRCH "
          "once it is reaped") {
    if (!has(feature::signal_scope))
        SKIP_TEST(no_scopes);
    const auto send_to_group = [](const test_child& child) {
        return error_of(child.fd().send_signal(0, signal_scope::process_group));
    };
    const auto c = test_child::running();
    CHECK(send_to_group(c) == EINVAL);
    CHECK(*c.fd().is_alive());
    const auto zombie = test_child::zombie();
    CHECK(send_to_group(zombie) == EINVAL);
    const auto reaped = test_child::reaped();
    CHECK(send_to_group(reaped) == ESRCH);
}
