// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// Maps and touches memory.
bool use_memory(std::size_t size) {
    auto* const memory = static_cast<char*>(mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    return memory != MAP_FAILED;
}

/// Uses CPU time until the process has had this much.
bool use_time(std::chrono::nanoseconds time) {
    for (;;) {
        timespec spent{};
        if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) != 0)
            return false;
        if (std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec) >= time)
            return true;
    }
}

std::chrono::nanoseconds all_time(const process_usage& u) {
    return u.user_time + u.system_time;
}

} // namespace

TEST_CASE("get_usage returns the CPU time of a process to a clock tick") {
    const test_child c = test_child::ready([] { return use_time(100ms); });
    REQUIRE(c.prepared());
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const auto usage = c.fd().get_usage();
            return usage ? all_time(*usage).count() : -error_of(usage);
        });
        REQUIRE(got);
        CHECK(*got >= 80'000'000); // each of two figures is rounded down
        CHECK(*got < 5'000'000'000);
    }
}

TEST_CASE("get_usage of a zombie still has its time, and equals what wait4 returns") {
    test_child c = test_child::that([] { return use_time(100ms) ? 0 : 1; });
    c.go();
    c.wait_for_end();
    const auto usage = c.fd().get_usage();
    REQUIRE(usage);
    CHECK_FALSE(usage->memory);
    CHECK(usage->threads == 1);
    rusage right{};
    REQUIRE(wait4(c.pid(), nullptr, 0, &right) == c.pid());
    c.disown();
    const auto to_time = [](const timeval& t) {
        return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
    };
    const std::chrono::nanoseconds total = to_time(right.ru_utime) + to_time(right.ru_stime);
    CHECK(total - all_time(*usage) <= 20ms);
    CHECK(all_time(*usage) - total <= 20ms);
    CHECK(usage->minor_faults == static_cast<std::uint64_t>(right.ru_minflt));
}

TEST_CASE("get_usage returns the memory of a process in bytes, and its peak") {
    const test_child c = test_child::ready([] {
        void* const memory = mmap(nullptr, 48 * mebibyte, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        return memory != MAP_FAILED && munmap(memory, 48 * mebibyte) == 0 &&
               use_memory(16 * mebibyte);
    });
    REQUIRE(c.prepared());
    const auto usage = c.fd().get_usage();
    REQUIRE((usage && usage->memory));
    CHECK(usage->memory->resident >= 15 * mebibyte);
    CHECK(usage->memory->peak_resident >= usage->memory->resident + 16 * mebibyte);
    CHECK(usage->memory->virtual_size >= usage->memory->resident);
    CHECK(usage->memory->virtual_size % 1024 == 0);
    CHECK(usage->minor_faults > 0);
}

TEST_CASE("get_usage counts the threads") {
    talking_child c({"thread", "tid", "thread", "tid", "sleep"});
    REQUIRE(c.number("tid") > 0);
    REQUIRE(c.number("tid") > 0);
    const auto usage = c.fd().get_usage();
    REQUIRE(usage);
    CHECK(usage->threads == 3);
}

TEST_CASE("get_usage of a kernel thread has no memory") {
    for (const subject& s : living())
        if (s.name == "a kernel thread") {
            const auto usage = pidfd_view(s.fd).get_usage();
            REQUIRE(usage);
            CHECK_FALSE(usage->memory);
            return;
        }
    SKIP_TEST("no kernel thread is visible here");
}
