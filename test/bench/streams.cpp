// SPDX-License-Identifier: MIT
// Reading 1 GiB that a child writes: by `communicate`, and by a bare loop of reads from its pipe. The
// two take turns, and the fastest round of each counts. The CPU time is the reader's.
//
//   bench-streams [--json]
#include "json.hpp"

#include <pidfd_util/communicate.hpp>
#include <pidfd_util/spawn_with_streams.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

constexpr std::size_t size = std::size_t{1} << 30;
constexpr std::size_t at_once = 65536; // what a pipe holds by default
constexpr int rounds = 5;
constexpr char program[] = "/proc/self/exe";
constexpr char write_option[] = "--write";

/// Writes `size` bytes to standard output.
int write_all() {
    static char bytes[at_once];
    for (std::size_t left = size; left != 0;) {
        const ssize_t written = write(STDOUT_FILENO, bytes, std::min(left, sizeof bytes));
        if (written <= 0)
            return 1;
        left -= static_cast<std::size_t>(written);
    }
    return 0;
}

/// Seconds of one round, or the best of several.
struct cost {
    double wall = 1e9;
    double cpu = 1e9;
};

double now(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// Measures one round of `read`, which returns the number of bytes.
template <class Read>
bool measure(cost& best, Read read) {
    const double wall = now(CLOCK_MONOTONIC);
    const double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    if (read() != size)
        return false;
    best.wall = std::min(best.wall, now(CLOCK_MONOTONIC) - wall);
    best.cpu = std::min(best.cpu, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return true;
}

piped_child start() {
    const char* const argv[] = {program, write_option, nullptr};
    standard_streams streams;
    streams.output = stream_choice::new_pipe();
    auto job = spawn_with_streams(program, argv, {}, streams);
    return job ? std::move(*job) : piped_child{};
}

std::size_t by_communicate() {
    piped_child job = start();
    stream_exchange exchange;
    const bool complete = communicate(job.process, job.ends, exchange) == exchange_end::complete;
    (void)job.process.wait();
    return complete ? exchange.output.count() : 0;
}

std::size_t by_reads() {
    static char bytes[at_once];
    piped_child job = start();
    std::size_t count = 0;
    for (;;) {
        const ssize_t got = read(job.ends.output.get(), bytes, sizeof bytes);
        if (got <= 0)
            break;
        count += static_cast<std::size_t>(got);
    }
    (void)job.process.wait();
    return count;
}

void print(bool json, const cost& mine, const cost& bare) {
    if (json)
        std::printf("{\"benchmark\":\"streams\",\"mib\":%zu,\"seconds\":%.3f,\"bare_seconds\":%.3f,"
                    "\"ratio\":%.3f,\"cpu_seconds\":%.3f,\"bare_cpu_seconds\":%.3f,"
                    "\"cpu_ratio\":%.3f}\n",
                    size >> 20, mine.wall, bare.wall, mine.wall / bare.wall, mine.cpu, bare.cpu,
                    mine.cpu / bare.cpu);
    else
        std::printf("%zu MiB by communicate: %.3f s, by reads: %.3f s, ratio %.2f\n"
                    "CPU time of the reader:  %.3f s, by reads: %.3f s, ratio %.2f\n",
                    size >> 20, mine.wall, bare.wall, mine.wall / bare.wall, mine.cpu, bare.cpu,
                    mine.cpu / bare.cpu);
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], write_option) == 0)
        return write_all();
    const bool json = bench::json_is_wanted(argc, argv);
    cost mine;
    cost bare;
    for (int i = 0; i < rounds; ++i) {
        if (!measure(mine, by_communicate) || !measure(bare, by_reads)) {
            std::fprintf(stderr, "the bytes have not come\n");
            return 1;
        }
    }
    print(json, mine, bare);
    return 0;
}
