// SPDX-License-Identifier: MIT
// One measurement, in a process of its own.
#ifndef PIDFD_UTIL_TEST_BENCH_SCALE_MEASURE_HPP
#define PIDFD_UTIL_TEST_BENCH_SCALE_MEASURE_HPP

#include "scale_ways.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// How much to measure.
struct effort {
    pidfd_util::pidfd_view starter; // ends the measurement if it ends
    std::uint32_t processes;
    std::uint32_t exits;
    unsigned seconds; // after which no further batch of exits begins
    unsigned seed;
};

/// Thrown when the starter has ended: nobody wants the result any more.
struct abandoned {};

/// Why a measurement has failed, and how many processes there were then.
struct failure {
    std::string reason; // empty if it has not failed
    std::uint32_t processes = 0;
};

/// What was measured of a way to watch.
struct watching {
    failure failed;
    std::vector<std::int64_t> latencies; // in nanoseconds
    double cpu_microseconds = 0;         // of the watcher, for each exit
    double user_bytes = 0;               // of the watcher, for each process
    double setup_microseconds = 0;       // for each process: open its pidfd and watch it
};

/// Watches processes that exit one at a time.
watching measure_watching(const way_kind& kind, const effort& how);

/// What single calls take, in microseconds: the fastest of several.
struct calls {
    failure failed;
    double epoll_none_ended = 0; // epoll_wait on an instance that has all pidfds
    double any_none_ended = 0;   // wait_any_for with a time of 0
    double any_one_ended = 0;    // wait_any
    double all_ended = 0;        // wait_all
};

/// Times single calls for many processes.
calls measure_calls(const effort& how);

} // namespace bench

#endif
