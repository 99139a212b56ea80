// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/child.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

using owner = pidfd_util::child;

/// The numbers of a usage, in an order of this test.
struct numbers {
    std::uint64_t values[9];

    friend bool operator==(const numbers& a, const numbers& b) {
        return std::memcmp(&a, &b, sizeof a) == 0;
    }
};

numbers numbers_of(const child_usage& u) {
    return {{static_cast<std::uint64_t>(u.user_time.count()),
             static_cast<std::uint64_t>(u.system_time.count()), u.peak_resident, u.minor_faults,
             u.major_faults, u.blocks_read, u.blocks_written, u.voluntary_switches,
             u.involuntary_switches}};
}

numbers numbers_of(const rusage& u) {
    const auto nanoseconds = [](const timeval& t) {
        return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
               static_cast<std::uint64_t>(t.tv_usec) * 1'000;
    };
    const auto count = [](long n) { return static_cast<std::uint64_t>(n); };
    return {{nanoseconds(u.ru_utime), nanoseconds(u.ru_stime), count(u.ru_maxrss) * 1024,
             count(u.ru_minflt), count(u.ru_majflt), count(u.ru_inblock), count(u.ru_oublock),
             count(u.ru_nvcsw), count(u.ru_nivcsw)}};
}

/// Returns whether the numbers can be those of the same zombie, read later. A process is reported as
/// ended a moment before its last system call is over: times and context switches can still grow.
bool is_later(const numbers& now, const numbers& before) {
    constexpr std::size_t growing[] = {0, 1, 7, 8};
    for (std::size_t i = 0; i < std::size(now.values); ++i) {
        const bool grows =
            std::find(std::begin(growing), std::end(growing), i) != std::end(growing);
        if (grows ? now.values[i] < before.values[i] : now.values[i] != before.values[i])
            return false;
    }
    return true;
}

/// What the kernel says about a zombie, without reaping it.
numbers numbers_of_zombie(const owner& process) {
    uapi::rusage found{};
    siginfo_t info{};
    REQUIRE(syscall(SYS_waitid, uapi::p_pidfd, process.fd(), &info,
                    WEXITED | WNOWAIT | uapi::wait_all, &found) == 0);
    rusage usage{};
    usage.ru_utime = {found.user.seconds, found.user.microseconds};
    usage.ru_stime = {found.system.seconds, found.system.microseconds};
    usage.ru_maxrss = found.peak_resident;
    usage.ru_minflt = found.minor_faults;
    usage.ru_majflt = found.major_faults;
    usage.ru_inblock = found.blocks_read;
    usage.ru_oublock = found.blocks_written;
    usage.ru_nvcsw = found.voluntary_switches;
    usage.ru_nivcsw = found.involuntary_switches;
    return numbers_of(usage);
}

constexpr std::size_t touched_size = std::size_t{24} << 20;

/// Uses memory, time in the kernel and in user mode, and a child that it waits for.
int work() {
    void* const memory =
        mmap(nullptr, touched_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    std::memset(memory, 1, touched_size);
    const pid_t pid = fork();
    if (pid == 0) {
        volatile unsigned sum = 0;
        for (unsigned i = 0; i < 20'000'000; ++i)
            sum = sum + i;
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    return 41;
}

owner working() {
    auto source = support::test_child::that(work);
    owner c(*source.fd().duplicate());
    source.disown();
    source.go();
    return c;
}

using usage_wait = std::function<expected<ended_child>(owner&)>;

std::vector<usage_wait> all_waits() {
    return {
        [](owner& c) { return c.wait(with_usage); },
        [](owner& c) { return c.wait_for(1h, with_usage); },
        [](owner& c) { return c.wait_until(clock_type::time_point::max(), with_usage); },
        [](owner& c) -> expected<ended_child> {
            auto ended = c.try_wait(with_usage);
            if (!ended)
                return unexpected(ended.error());
            return **ended;
        },
        [](owner& c) -> expected<ended_child> {
            c.keep_usage();
            const auto stopped = c.stop();
            if (!stopped)
                return unexpected(stopped.error());
            return ended_child{stopped->status, *c.usage()};
        },
        [](owner& c) -> expected<ended_child> {
            c.keep_usage();
            const auto status = c.wait();
            if (!status)
                return unexpected(status.error());
            return ended_child{*status, *c.usage()};
        },
    };
}

int error_of(const expected<ended_child>& result) {
    return result ? 0 : result.error().value();
}

} // namespace

TEST_CASE("every wait with usage returns what the kernel says about the zombie, and later ones the "
          "same") {
    for (const usage_wait& first : all_waits()) {
        owner c = working();
        REQUIRE(c.wait_exit());
        const numbers before = numbers_of_zombie(c);
        CHECK_FALSE(c.usage());
        const auto got = first(c);
        REQUIRE(got);
        CHECK(got->status.code() == 41);
        CHECK(is_later(numbers_of(got->usage), before));
        CHECK(got->usage.peak_resident >= touched_size);
        CHECK(got->usage.user_time > 0ns);
        CHECK(got->usage.minor_faults > 0);
        for (const usage_wait& later : all_waits()) {
            const auto again = later(c);
            REQUIRE(again);
            CHECK(again->status == got->status);
            CHECK(numbers_of(again->usage) == numbers_of(got->usage));
        }
        REQUIRE(c.usage());
        CHECK(numbers_of(*c.usage()) == numbers_of(got->usage));
        CHECK(c.status() == got->status);
    }
}

TEST_CASE("the usage of an only child is that of getrusage for all children") {
    struct facts {
        bool waited;
        numbers by_wait;
        numbers by_getrusage;
    };
    const auto got = isolated({}, [] {
        facts f{};
        owner c = working();
        const auto ended = c.wait(with_usage);
        rusage all{};
        f.waited = ended && getrusage(RUSAGE_CHILDREN, &all) == 0;
        if (f.waited) {
            f.by_wait = numbers_of(ended->usage);
            f.by_getrusage = numbers_of(all);
        }
        return f;
    });
    REQUIRE(got);
    REQUIRE(got->waited);
    CHECK(got->by_wait == got->by_getrusage);
}

TEST_CASE(
    "a wait with usage that ran out of time makes the next wait of any form store the usage") {
    for (int form = 0; form < 3; ++form) {
        owner c = sleeping();
        CHECK(timed_out(c.wait_for(0s, with_usage)));
        CHECK(timed_out(c.wait_until(clock_type::time_point::min(), with_usage)));
        const auto not_ended = c.try_wait(with_usage);
        REQUIRE(not_ended);
        CHECK_FALSE(*not_ended);
        CHECK_FALSE(c.usage());
        REQUIRE(c.kill());
        REQUIRE(c.wait_exit());
        const numbers before = numbers_of_zombie(c);
        if (form == 0)
            REQUIRE(c.wait());
        else if (form == 1)
            REQUIRE(*c.try_wait());
        else
            REQUIRE(c.stop());
        REQUIRE(c.usage());
        CHECK(is_later(numbers_of(*c.usage()), before));
        CHECK(c.wait(with_usage)->status.signal() == SIGKILL);
    }
}

TEST_CASE(
    "once a plain wait has reaped the child, its usage is ENODATA, and its status is not lost") {
    owner c = exiting(5);
    REQUIRE(c.wait());
    CHECK_FALSE(c.usage());
    CHECK(error_of(c.wait(with_usage)) == ENODATA);
    CHECK(error_of(c.wait_for(1s, with_usage)) == ENODATA);
    CHECK(error_of(c.wait_until(clock_type::time_point::max(), with_usage)) == ENODATA);
    CHECK(c.try_wait(with_usage).error() == std::errc::no_message_available);
    CHECK_FALSE(c.usage());
    CHECK(c.wait()->code() == 5);
}

TEST_CASE("a plain wait asks the kernel for no usage") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct facts {
        int plain;
        int rich;
    };
    const auto got = isolated({}, [] {
        facts f{};
        int fd = -1;
        fork_exiting(6, fd);
        owner c = owner_of(fd);
        (void)!c.wait_exit();
        rule no_usage{SYS_waitid, EACCES};
        no_usage.argument = 4; // which is null
        no_usage.value = 0;
        if (!install({no_usage}))
            return f;
        const auto status = c.try_wait();
        f.plain = status ? -1 : status.error().value();
        const auto ended = c.wait(with_usage);
        f.rich = ended ? ended->status.code().value_or(-1) : -1;
        return f;
    });
    REQUIRE(got);
    CHECK(got->plain > 0);
    CHECK(got->rich == 6);
}

TEST_CASE("the kernel keeps at most the status of a child that was reaped elsewhere: the usage is "
          "ENODATA or ECHILD") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int plain;
            int rich;
            bool stored;
        };
        const auto got = isolated(on(kernel), [] {
            facts f{};
            int fd = -1;
            const pid_t pid = fork_exiting(35, fd);
            owner c = owner_of(fd);
            int status = 0;
            while (waitpid(pid, &status, 0) < 0) {
            }
            f.rich = error_of(c.wait(with_usage));
            const auto plain = c.wait();
            f.plain = plain ? 0 : plain.error().value();
            f.stored = c.usage().has_value();
            return f;
        });
        REQUIRE(got);
        CHECK(got->rich == (got->plain == 0 ? ENODATA : got->plain));
        CHECK_FALSE(got->stored);
    }
}

TEST_CASE("on every kernel and sandbox, a wait with usage succeeds where a plain wait does") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int plain;
            int rich;
            int code;
            bool measured;
        };
        const auto got = isolated(on(kernel), [] {
            facts f{};
            int fds[2] = {-1, -1};
            fork_exiting(3, fds[0]);
            fork_exiting(4, fds[1]);
            owner plain{pidfd(owner_of(fds[0]).release())};
            owner rich{pidfd(owner_of(fds[1]).release())};
            const auto status = plain.wait();
            const auto ended = rich.wait(with_usage);
            f.plain = status ? 0 : status.error().value();
            f.rich = error_of(ended);
            f.code = ended ? ended->status.code().value_or(-1) : -1;
            f.measured = ended && ended->usage.peak_resident != 0;
            return f;
        });
        REQUIRE(got);
        CHECK(got->plain == got->rich);
        if (got->rich == 0) {
            CHECK(got->code == 4);
            CHECK(got->measured);
        }
    }
}

TEST_CASE("a filter that says that a wait has succeeded cannot make up a usage") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto got = isolated({}, [] {
        int fd = -1;
        fork_exiting(3, fd);
        owner c = owner_of(fd);
        if (!install({{SYS_waitid, 0}}))
            return -1;
        return error_of(c.wait(with_usage)) * 2 + (c.usage() ? 1 : 0);
    });
    REQUIRE(got);
    CHECK(*got == ENOSYS * 2);
}

TEST_CASE("waits with usage in a storm of signals get the usage") {
    const signal_storm storm;
    for (const usage_wait& wait : all_waits()) {
        owner c = working();
        // Two of the forms end or miss a child that still runs.
        REQUIRE(c.wait_exit());
        const numbers before = numbers_of_zombie(c);
        const auto got = wait(c);
        REQUIRE(got);
        CHECK(is_later(numbers_of(got->usage), before));
    }
    owner blocked = working();
    const auto got = blocked.wait(with_usage);
    REQUIRE(got);
    CHECK(got->status.code() == 41);
    CHECK(got->usage.peak_resident >= touched_size);
}

TEST_CASE("a child takes its usage along when it is moved, and discards it when it is released") {
    owner c = exiting(7);
    const auto got = c.wait(with_usage);
    REQUIRE(got);
    owner moved(std::move(c));
    CHECK_FALSE(c.usage()); // NOLINT(bugprone-use-after-move): what is left is specified
    REQUIRE(moved.usage());
    CHECK(numbers_of(*moved.usage()) == numbers_of(got->usage));
    owner assigned = exiting(8);
    REQUIRE(assigned.wait());
    assigned = std::move(moved);
    CHECK_FALSE(moved.usage()); // NOLINT(bugprone-use-after-move)
    CHECK(assigned.wait(with_usage)->status.code() == 7);
    owner& itself = assigned;
    assigned = std::move(itself);
    CHECK(assigned.wait(with_usage)->status.code() == 7);
    (void)assigned.release();
    CHECK_FALSE(assigned.usage());
    CHECK_FALSE(assigned.status());

    // The wish moves too, and is forgotten with the handle.
    owner wishing = exiting(9);
    wishing.keep_usage();
    owner heir(std::move(wishing));
    wishing = exiting(10);
    REQUIRE(wishing.wait());
    CHECK_FALSE(wishing.usage());
    REQUIRE(heir.wait());
    CHECK(heir.usage());
}

TEST_CASE("the peak of a spawned program is not below that of its spawner, which the documentation "
          "says") {
    const auto got = isolated({}, [] {
        constexpr std::size_t size = std::size_t{64} << 20;
        void* const memory =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return std::uint64_t{0};
        std::memset(memory, 1, size);
        munmap(memory, size);
        auto c = spawn(spawnee(), arguments({}));
        if (!c)
            return std::uint64_t{0};
        const auto ended = c->wait(with_usage);
        return ended ? ended->usage.peak_resident / (1 << 20) : 0;
    });
    REQUIRE(got);
    if (emulated())
        SKIP_TEST(in_emulator);
    CHECK(*got >= 64);
}
