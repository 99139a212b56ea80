// SPDX-License-Identifier: MIT
// get_exit_status through the pidfd of any thread: the status of the thread, or of its process.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/sleeping_thread.hpp"
#include "support/talking.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_status = "the kernel keeps no status of threads: Linux before 6.15";

/// Whether the kernel keeps the status of threads, of the test's own and of others.
bool keeps_status_of_threads() {
    const auto c = test_child::reaped();
    return availability_of(feature::thread) == availability::available &&
           c.fd().get_exit_status().has_value();
}

unique_fd pidfd_of_thread(pid_t tid) {
    return unique_fd(raw_pidfd_open(tid, uapi::pidfd_thread));
}

/// The wait status, -1 if there is none yet, or a negated errno.
int status_of(pidfd_view fd) {
    const auto status = fd.get_exit_status();
    if (!status)
        return -status.error().value();
    return *status ? (*status)->wait_status() : -1;
}

constexpr int exited(int code) {
    return code << 8;
}
constexpr int none = -1;

/// A process with two threads, a pidfd for each thread, and one for the process.
struct two_threads {
    talking_child process;
    pid_t tid;
    unique_fd leader;
    unique_fd thread;

    explicit two_threads(std::initializer_list<const char*> commands)
        : process(commands), tid(process.number("tid")), leader(pidfd_of_thread(process.pid())),
          thread(pidfd_of_thread(tid)) {
        REQUIRE(leader);
        REQUIRE(thread);
    }
    pidfd_view leader_fd() const { return pidfd_view(leader.get()); }
    pidfd_view thread_fd() const { return pidfd_view(thread.get()); }
};

} // namespace

TEST_CASE("a thread that ends alone has its own status, and the process has none") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    two_threads t({"thread", "tid", "read", "end_thread", "7"});
    CHECK(status_of(t.thread_fd()) == none);
    t.process.go();
    CHECK(t.thread_fd().wait_exit());
    CHECK(hangs_up(t.thread.get()));
    CHECK(status_of(t.thread_fd()) == exited(7));
    CHECK(status_of(t.leader_fd()) == none);
    CHECK(status_of(t.process.fd()) == none);
    CHECK(t.process.fd().is_alive() == true);
}

TEST_CASE("the pidfd of each thread shows the status of a process that was killed") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    for (const bool through_thread : {false, true}) {
        CAPTURE(through_thread);
        two_threads t({"thread", "tid", "read"});
        CHECK((through_thread ? t.thread_fd() : t.process.fd()).kill());
        CHECK((events_of(t.process.fd().fd(), long_time) & POLLIN) != 0);
        for (const pidfd_view each : {t.process.fd(), t.leader_fd(), t.thread_fd()})
            CHECK(status_of(each) == SIGKILL);
        REQUIRE(t.process.process().wait());
        for (const pidfd_view each : {t.process.fd(), t.leader_fd(), t.thread_fd()})
            CHECK(status_of(each) == SIGKILL);
    }
}

TEST_CASE("the pidfd of each thread shows the status of a process that one thread ended") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    for (const char* leader : {"thread", "last_thread"}) {
        CAPTURE(leader);
        two_threads t({leader, "tid", "read", "exit", "9"});
        t.process.go();
        const auto status = t.process.process().wait();
        REQUIRE(status);
        CHECK(status->code() == 9);
        for (const pidfd_view each : {t.process.fd(), t.leader_fd(), t.thread_fd()})
            CHECK(status_of(each) == exited(9));
    }
}

TEST_CASE(
    "wait and get_exit_status agree on the status of a process whose last thread ended alone") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    two_threads t({"last_thread", "tid", "read", "end_thread", "4"});
    t.process.wait_for_end_of_first_thread(); // with code 3
    t.process.go();
    const auto status = t.process.process().wait();
    REQUIRE(status);
    CHECK((status->code() == 3 || status->code() == 4));
    CHECK(status_of(t.thread_fd()) == exited(4));
    CHECK(status_of(t.process.fd()) == status->wait_status());
    CHECK(status_of(t.leader_fd()) == status->wait_status());
}

TEST_CASE("a process that is not related can read the status of a thread") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    two_threads t({"thread", "tid", "read", "end_thread", "7"});
    t.process.go();
    CHECK(t.thread_fd().wait_exit());
    CHECK(hangs_up(t.thread.get()));
    surroundings around;
    if (geteuid() == 0)
        around.uid = 65534;
    const auto got = isolated(around, [&] { return status_of(t.thread_fd()); });
    REQUIRE(got);
    CHECK(*got == exited(7));
}

TEST_CASE("the status of a thread of the caller itself is known once it has ended") {
    if (!keeps_status_of_threads())
        SKIP_TEST(no_status);
    sleeping_thread thread;
    const unique_fd fd = pidfd_of_thread(thread.tid());
    CHECK(status_of(pidfd_view(fd.get())) == none);
    CHECK(pidfd_view(fd.get()).is_alive() == true);
    thread.end();
    // It is joined a little before it has ended.
    CHECK(hangs_up(fd.get()));
    CHECK(pidfd_view(fd.get()).is_alive() == false);
    CHECK(status_of(pidfd_view(fd.get())) == exited(0));
}
