// SPDX-License-Identifier: MIT
// What it costs to start a program and wait for it, with little and with much memory in the
// caller: spawn beside posix_spawn and beside fork and exec. Prints the best of several batches in
// microseconds, and the ratio to posix_spawn in the same surroundings.
#include <pidfd_util/spawn.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr const char* program = "/bin/true";
const char* const arguments[] = {"true", nullptr};

bool with_spawn() {
    auto c = pidfd_util::spawn(program, arguments);
    if (!c)
        return false;
    const auto status = c->wait();
    return status && status->success();
}

bool ended_well(pid_t pid) {
    int status = -1;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

bool with_posix_spawn() {
    pid_t pid = 0;
    return posix_spawn(&pid, program, nullptr, nullptr, const_cast<char* const*>(arguments),
                       ::environ) == 0 &&
           ended_well(pid);
}

bool with_fork() {
    const pid_t pid = fork();
    if (pid == 0) {
        execv(program, const_cast<char* const*>(arguments));
        _exit(127);
    }
    return pid > 0 && ended_well(pid);
}

struct way {
    const char* name;
    bool (*run)();
    double best = 1e30; // microseconds
};

/// Ways that are measured together take turns, so that whatever else the machine does meets all of
/// them.
bool measure(way* first, way* last, int batches, int in_batch) {
    using clock = std::chrono::steady_clock;
    for (int batch = 0; batch < batches; ++batch) {
        for (way* w = first; w != last; ++w) {
            const auto begin = clock::now();
            for (int i = 0; i < in_batch; ++i)
                if (!w->run())
                    return false;
            const std::chrono::duration<double, std::micro> time = clock::now() - begin;
            w->best = std::min(w->best, time.count() / in_batch);
        }
    }
    return true;
}

} // namespace

int main() {
    constexpr std::size_t mebibyte = std::size_t{1} << 20;
    std::printf("%-16s %14s %14s %14s\n", "resident memory", "spawn", "posix_spawn", "fork+exec");
    std::size_t had = 0;
    for (const std::size_t memory : {std::size_t{0}, 256 * mebibyte}) {
        if (memory > had) {
            void* const p =
                mmap(nullptr, memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (p == MAP_FAILED)
                return EXIT_FAILURE;
            (void)madvise(p, memory, MADV_NOHUGEPAGE); // as a grown heap has it
            const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
            for (std::size_t at = 0; at < memory; at += page)
                static_cast<volatile char*>(p)[at] = 1;
            had = memory;
        }
        way ways[] = {
            {"spawn", with_spawn}, {"posix_spawn", with_posix_spawn}, {"fork+exec", with_fork}};
        const int in_batch = memory == 0 ? 30 : 10;
        // A fork makes the caller's memory slower for a while: it comes last.
        way* const fork_way = std::end(ways) - 1;
        if (!measure(std::begin(ways), fork_way, 10, in_batch) ||
            !measure(fork_way, std::end(ways), 5, in_batch))
            return EXIT_FAILURE;
        std::printf("%-16s", memory == 0 ? "small" : "256 MiB");
        for (const way& w : ways)
            std::printf(" %6.0f (%4.2fx)", w.best, w.best / ways[1].best);
        std::printf("\n");
    }
    return EXIT_SUCCESS;
}
