// SPDX-License-Identifier: MIT
// Kills the process that uses the most memory, of those in a cgroup but not below it, as the kernel does
// when memory runs out. A process whose oom_score_adj is -1000 is spared, and so is one whose first
// thread has ended, because /proc does not show its memory any more.
//
// The pidfd of each process is opened once: the process that is killed is the one that was measured.
//
//     kill-largest CGROUP, such as /sys/fs/cgroup/system.slice/x.service
#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;

namespace {

struct candidate {
    pidfd process; // empty if there is none
    pid_t pid = 0; // to be printed
    std::uint64_t resident = 0;
};

int fail(const char* what, const std::error_code& why) {
    std::fprintf(stderr, "kill-largest: %s: %s\n", what, why.message().c_str());
    return 2;
}

expected<std::vector<pidfd>> members_of(const cgroup& group) {
    for (std::size_t size = 64;; size *= 2) {
        std::vector<pidfd> members(size);
        const auto listed = group.members(members);
        if (!listed)
            return unexpected(listed.error());
        members.resize(listed->count);
        if (listed->count < size)
            return members;
    }
}

/// Measures a process. The result is empty if the process has ended, or must be spared.
expected<candidate> measure(pidfd process) {
    const auto pid = process.get_pid();
    const auto adjustment = process.get_oom_score_adj();
    const auto usage = process.get_usage();
    if (!pid || !adjustment || !usage) {
        const auto error = !pid ? pid.error() : !adjustment ? adjustment.error() : usage.error();
        return error == pidfd_errc::not_found ? expected<candidate>() : unexpected(error);
    }
    if (!usage->memory || *adjustment == -1000 || *pid == getpid())
        return candidate();
    return candidate{std::move(process), *pid, usage->memory->resident};
}

expected<candidate> largest_of(const cgroup& group) {
    auto members = members_of(group);
    if (!members)
        return unexpected(members.error());
    candidate largest;
    for (pidfd& member : *members) {
        auto measured = measure(std::move(member));
        if (!measured)
            return measured;
        if (measured->process && measured->resident >= largest.resident)
            largest = std::move(*measured);
    }
    return largest;
}

/// Waits for the end of a process that was killed.
int see_off(const candidate& killed) {
    std::printf("killed %d, with %llu KiB of memory\n", static_cast<int>(killed.pid),
                static_cast<unsigned long long>(killed.resident / 1024));
    // Otherwise its memory is only released when it gets to run. EAGAIN: a part is left.
    auto released = killed.process.release_memory();
    while (!released && released.error() == std::errc::resource_unavailable_try_again) {
        std::this_thread::yield();
        released = killed.process.release_memory();
    }
    if (released)
        std::printf("released its memory\n");
    else
        std::printf("did not release its memory: %s\n", released.error().message().c_str());
    std::fflush(stdout);
    if (const auto ended = killed.process.wait_exit_for(std::chrono::seconds(10)); !ended)
        return fail("it has not ended", ended.error());
    std::printf("it has ended\n");
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: kill-largest CGROUP\n");
        return 2;
    }
    const auto group = cgroup::open(argv[1]);
    if (!group)
        return fail(argv[1], group.error());
    for (int attempts = 0; attempts < 10; ++attempts) {
        const auto largest = largest_of(*group);
        if (!largest)
            return fail("cannot measure the processes", largest.error());
        if (!largest->process) {
            std::fprintf(stderr, "kill-largest: there is no process to kill\n");
            return EXIT_FAILURE;
        }
        // A zombie can be killed, too, but that has no effect.
        if (largest->process.is_alive() == false)
            continue;
        const auto killed = largest->process.kill();
        if (killed)
            return see_off(*largest);
        if (killed.error() != pidfd_errc::not_found)
            return fail("cannot kill the largest process", killed.error());
    }
    std::fprintf(stderr, "kill-largest: each choice ended by itself\n");
    return EXIT_FAILURE;
}
