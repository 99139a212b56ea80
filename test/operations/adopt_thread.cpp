// SPDX-License-Identifier: MIT
// adopt of pidfds of threads. Opening /proc/self/fd/N of one makes a pidfd without PIDFD_THREAD.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/sleeping_thread.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_threads = "this kernel has no PIDFD_THREAD";
constexpr const char* not_reopened = "this user may not open a pidfd again";

unique_fd reopen(pidfd_view handle, int flags = O_RDONLY) {
    return unique_fd(
        open(("/proc/self/fd/" + std::to_string(handle.fd())).c_str(), flags | O_CLOEXEC));
}

struct adopted {
    int error;
    bool kept; // after a failure
    bool thread;
};

adopted adopt_copy(const unique_fd& fd) {
    unique_fd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    const auto got = pidfd::adopt(std::move(copy));
    return {error_of(got), bool(copy), got && got->is_thread().value_or(false)};
}

} // namespace

TEST_CASE("adopt takes over the pidfd of a thread as one") {
    const sleeping_thread sleeper;
    const auto thread = pidfd::from_tid(sleeper.tid());
    if (!thread)
        SKIP_TEST(no_threads);
    const unique_fd passed(thread->duplicate()->release());
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return adopt_copy(passed); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->thread);
    }
}

TEST_CASE("adopt refuses a pidfd of a thread that was reopened as one of a process") {
    const sleeping_thread sleeper;
    const auto thread = pidfd::from_tid(sleeper.tid());
    if (!thread)
        SKIP_TEST(no_threads);
    for (const int flags : {O_RDONLY, O_RDONLY | O_NONBLOCK}) {
        const unique_fd reopened = reopen(*thread, flags);
        if (!reopened)
            SKIP_TEST(not_reopened);
        // The kernel itself accepts it in the place of a process.
        REQUIRE(pidfd_view(reopened.get()).is_thread() == false);
        REQUIRE(same_process(pidfd_view(reopened.get()), *thread) == true);
        for (const profile& kernel : all_profiles()) {
            CAPTURE(kernel.name, flags);
            const auto got = isolated(on(kernel), [&] { return adopt_copy(reopened); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
            CHECK(got->kept);
        }
    }
}

TEST_CASE("adopt takes over a reopened pidfd of a process or of its first thread as one of the "
          "process") {
    const test_child c = test_child::running();
    const auto first_thread = pidfd::from_tid(c.pid());
    if (!first_thread)
        SKIP_TEST(no_threads);
    for (const pidfd_view original : {c.fd(), pidfd_view(*first_thread)}) {
        const unique_fd reopened = reopen(original);
        if (!reopened)
            SKIP_TEST(not_reopened);
        const adopted got = adopt_copy(reopened);
        CHECK(got.error == 0);
        CHECK_FALSE(got.thread);
        CHECK(pidfd_view(reopened.get()).get_pid() == c.pid());
    }
}

TEST_CASE(
    "adopt takes over a reopened pidfd if the kernel no longer shows that it was a thread's") {
    sleeping_thread sleeper;
    const auto thread = pidfd::from_tid(sleeper.tid());
    if (!thread)
        SKIP_TEST(no_threads);
    const unique_fd reopened = reopen(*thread);
    if (!reopened)
        SKIP_TEST(not_reopened);
    sleeper.end();
    REQUIRE(thread->wait_exit());
    while (thread->send_signal(0)) // the kernel reaps it a little later
        usleep(1000);
    CHECK(adopt_copy(reopened).error == 0);
    CHECK(error_of(pidfd_view(reopened.get()).send_signal(0)) == ESRCH); // it hits no process
}
