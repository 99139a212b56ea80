// SPDX-License-Identifier: MIT
// The ways to start a program that the benchmark `starts` compares.
#ifndef PIDFD_UTIL_TEST_BENCH_STARTS_HPP
#define PIDFD_UTIL_TEST_BENCH_STARTS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace bench {

/// What a way leaves behind in the calling process. The ways are measured in this order, so that
/// none is measured in a process that another one has slowed down.
enum class leftover {
    nothing,
    shared_pages,  ///< fork(2) has shared the memory: the first write to each page faults
    signal_handler ///< a handler of SIGCHLD, and a thread that it wakes up
};
inline constexpr leftover leftovers[] = {leftover::nothing, leftover::shared_pages,
                                         leftover::signal_handler};

/// A way to start programs. `time` does it `count` times and stores the microseconds for one of
/// them. Returns an empty string, or what went wrong.
struct way {
    const char* name;
    leftover leaves;
    std::string (*time)(int count, double& microseconds);
};

/// The ways to start a program and wait for it, and those to start many programs, of which
/// `most_in_flight` run at the same time.
struct all_ways {
    std::vector<way> one;
    std::vector<way> many;
};

inline constexpr int most_in_flight = 64;

/// The program that is started, and its arguments. The arrays are not const, because most interfaces
/// of C ask for that.
extern char program[];
extern char* arguments[2];

template <class Work>
std::string time_work(int count, double& microseconds, Work work) {
    const auto start = std::chrono::steady_clock::now();
    std::string failure = work();
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - start;
    microseconds = time.count() / count;
    return failure;
}

/// The time of a function that starts one program and waits for it.
template <std::string (*Start)()>
std::string time_one(int count, double& microseconds) {
    return time_work(count, microseconds, [=] {
        std::string failure;
        for (int i = 0; i < count && failure.empty(); ++i)
            failure = Start();
        return failure;
    });
}

/// The time of a function that starts `count` programs and waits for all of them.
template <std::string (*Start)(int count)>
std::string time_many(int count, double& microseconds) {
    std::string failure = time_work(count, microseconds, [=] { return Start(count); });
    // The next way may wait for any child: after a failure there can be some of this way.
    if (!failure.empty())
        while (waitpid(-1, nullptr, 0) > 0) {
        }
    return failure;
}

void add_pidfd_util(all_ways& to);
void add_system_calls(all_ways& to); // fork, vfork, posix_spawn
void add_glib(all_ways& to);
void add_libuv(all_ways& to);
void add_boost(all_ways& to);
void add_python(all_ways& to);

/// The versions of the libraries that the program uses.
std::string glib_version();
std::string libuv_version();
std::string boost_version();

/// Starts the Python script, which its way needs, and waits until the script holds so much memory.
/// Returns an empty string, or what went wrong.
std::string start_python(std::size_t resident_mib);
void end_python();

} // namespace bench

#endif
