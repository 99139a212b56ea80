// SPDX-License-Identifier: MIT
// A process whose first thread, the leader of the thread group, has exited while others live.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/talking.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>

using namespace pidfd_util;
using namespace support;

namespace {

bool has(feature f) {
    return availability_of(f) == availability::available;
}

/// From Linux 6.15 on, and in the stable kernels of that time, the pidfd of a leader's thread also
/// stays silent while other threads live. Only the next feature shows that the kernel does this.
bool holds_back_leaders_end() {
    return has(feature::coredump_info);
}

/// A pidfd of the first thread alone, where the kernel has such.
unique_fd thread_pidfd_of_leader(const talking_child& c) {
    return unique_fd(raw_pidfd_open(c.pid(), uapi::pidfd_thread));
}

bool is_ready_for_ever(int fd) {
    return (events_of(fd, long_time) & POLLIN) != 0;
}

} // namespace

TEST_CASE("epoll stays silent when the leader exits, and reports the exit of the last thread") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const unsigned trigger : {0U, static_cast<unsigned>(EPOLLET)}) {
        CAPTURE(trigger);
        talking_child c({"read", "last_thread", "tid", "read", "exit", "6"});
        {
            epoll_watch watch({c.fd().fd()}, trigger);
            c.go();
            CHECK(c.number("tid") > 0);
            c.wait_for_end_of_first_thread();
            CHECK(watch.end() == -1);
        }
        epoll_watch watch({c.fd().fd()}, trigger);
        CHECK(c.fd().is_alive() == true);
        c.go();
        CHECK(watch.first() == c.fd().fd());
        CHECK(c.fd().is_alive() == false);
        const auto status = c.process().wait();
        REQUIRE(status);
        CHECK(status->code() == 6);
    }
}

TEST_CASE("a process whose leader has exited is alive, and has no status yet, on every kernel") {
    if (emulated())
        SKIP_TEST(in_emulator);
    talking_child c({"last_thread", "tid", "read", "exit", "6"});
    CHECK(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        struct facts {
            int error;
            bool alive;
            bool known;
        };
        const auto got = isolated(around, [&] {
            const auto alive = c.fd().is_alive();
            const auto status = c.fd().get_exit_status();
            return facts{error_of(alive), alive.value_or(false), status && *status};
        });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->alive);
        CHECK_FALSE(got->known);
    }
    // The parent's own view.
    const auto status = c.fd().get_exit_status();
    REQUIRE(status);
    CHECK_FALSE(*status);
    const auto waited = c.process().try_wait();
    REQUIRE(waited);
    CHECK_FALSE(*waited);
}

TEST_CASE("a pidfd of the leader's thread stays silent while other threads live") {
    if (!has(feature::thread))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    talking_child c({"read", "last_thread", "tid", "read", "exit", "6"});
    const unique_fd leader = thread_pidfd_of_leader(c);
    REQUIRE(leader);
    epoll_watch watch({leader.get()}, 0);
    c.go();
    CHECK(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    if (holds_back_leaders_end()) {
        CHECK(watch.end() == -1);
        CHECK(events_of(leader.get()) == 0);
        CHECK(pidfd_view(leader.get()).is_alive() == true);
    }
    // Whether the kernel reports the thread's end or not, it does not report its status.
    const auto early = pidfd_view(leader.get()).get_exit_status();
    CHECK((early ? !*early : early.error() == pidfd_errc::unsupported));
    CHECK(error_of(pidfd_view(leader.get()).send_signal(0)) == 0);

    c.go();
    CHECK(is_ready_for_ever(leader.get()));
    CHECK(pidfd_view(leader.get()).is_alive() == false);
    const auto status = c.process().wait();
    REQUIRE(status);
    CHECK((events_of(leader.get()) & POLLHUP) != 0);
    const auto known = pidfd_view(leader.get()).get_exit_status();
    if (!known)
        CHECK(known.error() == pidfd_errc::unsupported);
    else
        CHECK(*known == *status);
}

TEST_CASE("a signal through a pidfd of an exited leader reaches no thread, but reaches the "
          "process if sent to the thread group") {
    if (!has(feature::thread) || !has(feature::signal_scope))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    talking_child c({"last_thread", "tid", "read", "sleep"});
    CHECK(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    const unique_fd leader = thread_pidfd_of_leader(c);
    REQUIRE(leader);
    CHECK(error_of(pidfd_view(leader.get()).kill()) == 0);
    CHECK(events_of(c.fd().fd(), 20) == 0);
    CHECK(c.fd().is_alive() == true);
    CHECK(error_of(pidfd_view(leader.get()).send_signal(SIGKILL, signal_scope::thread_group)) == 0);
    const auto status = c.process().wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}
