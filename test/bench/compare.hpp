// SPDX-License-Identifier: MIT
// Compares two ways of doing the same: their times in alternating rounds of one run, their system
// calls and their heap allocations. Prints a table, or one JSON object a line. The ratio of the times
// matters: the times depend on the machine.
#ifndef PIDFD_UTIL_TEST_BENCH_COMPARE_HPP
#define PIDFD_UTIL_TEST_BENCH_COMPARE_HPP

#include "../support/tracer.hpp"
#include "heap.hpp"
#include "json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/types.h>
#include <unistd.h>

namespace bench {

inline constexpr int rounds = 25;

/// Returns nanoseconds for a call, in one round. A call that fails ends the program: it would measure
/// something else.
template <class Call>
double time_round(const char* name, int calls, Call call) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        if (!call()) {
            std::fprintf(stderr, "%s failed\n", name);
            std::exit(1);
        }
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    return time.count() / calls;
}

/// What one call costs besides time; -1: it cannot be counted here.
struct counts {
    long system_calls = -1;
    long allocations = -1;
};

/// Counts in a traced child, which calls what `prepare` returns.
template <class Prepare>
counts count(Prepare prepare) {
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        auto call = prepare();
        (void)call(); // what there is to learn is learnt
        if (!support::be_traced())
            _exit(1);
        const long before = heap_allocations();
        support::make(support::mark::begin);
        (void)call();
        support::make(support::mark::end, static_cast<std::size_t>(heap_allocations() - before));
        _exit(0);
    }
    support::tracee caller(child);
    counts result;
    if (!caller.traced())
        return result;
    long calls = -1;
    while (const auto call = caller.next_call()) {
        if (support::is(*call, support::mark::end)) {
            result.system_calls = calls;
            if (heap_is_counted)
                result.allocations = static_cast<long>(support::value_of_mark(*call));
        }
        if (calls >= 0 || support::is(*call, support::mark::begin))
            ++calls;
    }
    return result;
}

class comparisons {
public:
    comparisons(const char* benchmark, bool json) : benchmark_(benchmark), json_(json) {
        if (!json_)
            std::printf(
                "%-18s %-44s %11s %11s  %5s %12s %12s\n%-18s %-44s %11s %11s  %5s %12s %12s\n",
                "operation", "beside", "operation", "bare", "ratio", "system calls", "allocations",
                "", "", "", "", "", "(bare)", "(bare)");
    }

    /// Compares an operation with bare calls. Prints the fastest round of each, because other
    /// programs can only slow a round down.
    template <class Operation, class Bare>
    void compare(int calls, const char* name, Operation operation, const char* bare_name,
                 Bare bare) const {
        compare_prepared(
            calls, name, operation, bare_name, bare, [=] { return operation; },
            [=] { return bare; });
    }

    /// As `compare`. `prepare` and `prepare_bare` return what is called in the child that counts: it
    /// has none of the children of this process.
    template <class Operation, class Bare, class Prepare, class PrepareBare>
    void compare_prepared(int calls, const char* name, Operation operation, const char* bare_name,
                          Bare bare, Prepare prepare, PrepareBare prepare_bare) const {
        if (!operation() || !bare()) {
            print_missing(name, bare_name);
            return;
        }
        double mine = 1e12;
        double other = 1e12;
        for (int i = 0; i < rounds; ++i) {
            mine = std::min(mine, time_round(name, calls, operation));
            other = std::min(other, time_round(bare_name, calls, bare));
        }
        print(name, bare_name, mine, other, count(prepare), count(prepare_bare));
    }

private:
    void print_missing(const char* name, const char* bare_name) const {
        const char* const reason = "not on this kernel";
        if (json_)
            std::printf("{\"benchmark\":\"%s\",\"operation\":%s,\"bare\":%s,\"skipped\":\"%s\"}\n",
                        benchmark_, quoted(name).c_str(), quoted(bare_name).c_str(), reason);
        else
            std::printf("%-18s %-44s %s\n", name, bare_name, reason);
    }

    void print(const char* name, const char* bare_name, double mine, double other, counts costs,
               counts bare_costs) const {
        if (!json_) {
            std::printf("%-18s %-44s %8.0f ns %8.0f ns  %5.2f %12s %12s\n", name, bare_name, mine,
                        other, mine / other,
                        both(costs.system_calls, bare_costs.system_calls).c_str(),
                        both(costs.allocations, bare_costs.allocations).c_str());
            return;
        }
        std::printf("{\"benchmark\":\"%s\",\"operation\":%s,\"bare\":%s,\"nanoseconds\":%.1f,"
                    "\"bare_nanoseconds\":%.1f,\"ratio\":%.3f%s%s%s%s}\n",
                    benchmark_, quoted(name).c_str(), quoted(bare_name).c_str(), mine, other,
                    mine / other, member("system_calls", costs.system_calls).c_str(),
                    member("bare_system_calls", bare_costs.system_calls).c_str(),
                    member("heap_allocations", costs.allocations).c_str(),
                    member("bare_heap_allocations", bare_costs.allocations).c_str());
    }

    static std::string both(long mine, long bare) {
        const auto text = [](long n) { return n < 0 ? std::string("?") : std::to_string(n); };
        return text(mine) + " (" + text(bare) + ')';
    }
    static std::string member(const char* key, long value) {
        return value < 0 ? "" : ",\"" + std::string(key) + "\":" + std::to_string(value);
    }

    const char* benchmark_;
    bool json_;
};

} // namespace bench

#endif
