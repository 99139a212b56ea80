// SPDX-License-Identifier: MIT
// The cost of watching many processes: with epoll by hand, with wait_any and with Asio. See `usage`.
#include "json.hpp"
#include "scale_limits.hpp"
#include "scale_measure.hpp"
#include "scale_ways.hpp"

#include <pidfd_util/pidfd.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>
#include <iterator>
#include <optional>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr const char* usage = R"(usage: bench-scale [OPTION...]
Watches many processes, which exit one at a time, and measures for each way to watch:

- latency: from the clock that a process reads right before its last system call to the clock that
  the watcher reads when it has the exit status. It includes the exit itself, the wake-up of the
  watcher and the reaping. It does not include the end of the process's memory, because the
  processes share it. An exit begins only when the watcher sleeps.
- CPU time of the watcher for each exit: waiting, reaping, closing the pidfd.
- user memory of the watcher for each process: the growth of its heap, with the handles. The
  kernel's memory is not counted.

The way "wait" is a blocking wait for the one process that will exit: the share of the exit itself.
A second table has the time of single calls.

  --processes N,N..  how many processes (100,300,1000,3000,10000,30000,100000)
  --exits N          exits in a sample (1000)
  --seconds N        after which a sample ends early (30)
  --rounds N         samples of each way, in alternating order (3)
  --quick            for a trial: 100 and 1000 processes, 100 exits, 1 round
  --raise-limits     raise the system's limits as root, and restore them at the end
  --json             print one JSON object a line
)";

struct options {
    std::vector<std::uint32_t> processes = {100, 300, 1000, 3000, 10'000, 30'000, 100'000};
    std::uint32_t exits = 1000;
    unsigned seconds = 30;
    unsigned rounds = 3;
    bool raise_limits = false;
    bool json = false;
};

[[noreturn]] void refuse(const char* text) {
    std::fprintf(stderr, "bench-scale: not a number from 1 to 1000000: %s\n", text);
    std::exit(EXIT_FAILURE);
}

std::uint32_t to_number(const char* text) {
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > 1'000'000)
        refuse(text);
    return static_cast<std::uint32_t>(value);
}

std::vector<std::uint32_t> to_numbers(std::string text) {
    std::vector<std::uint32_t> result;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        result.push_back(to_number(text.substr(at, comma - at).c_str()));
        at = comma + 1;
    }
    return result;
}

options parse(int count, char** arguments) {
    const option long_options[] = {
        {"processes", required_argument, nullptr, 'p'},
        {"exits", required_argument, nullptr, 'e'},
        {"seconds", required_argument, nullptr, 's'},
        {"rounds", required_argument, nullptr, 'r'},
        {"quick", no_argument, nullptr, 'q'},
        {"raise-limits", no_argument, nullptr, 'l'},
        {"json", no_argument, nullptr, 'j'},
        {"help", no_argument, nullptr, 'h'},
        {nullptr, 0, nullptr, 0},
    };
    options result;
    for (;;) {
        switch (getopt_long(count, arguments, "", long_options, nullptr)) {
        case -1:
            return result;
        case 'p':
            result.processes = to_numbers(optarg);
            break;
        case 'e':
            result.exits = to_number(optarg);
            break;
        case 's':
            result.seconds = to_number(optarg);
            break;
        case 'r':
            result.rounds = to_number(optarg);
            break;
        case 'q':
            result.processes = {100, 1000};
            result.exits = 100;
            result.rounds = 1;
            break;
        case 'l':
            result.raise_limits = true;
            break;
        case 'j':
            result.json = true;
            break;
        case 'h':
            std::fputs(usage, stdout);
            std::exit(EXIT_SUCCESS);
        default:
            std::fputs(usage, stderr);
            std::exit(EXIT_FAILURE);
        }
    }
}

/// The samples of one way and one number of processes.
struct samples {
    std::vector<std::int64_t> latencies;
    std::vector<double> cpu;
    std::vector<double> memory;
    std::vector<double> setup;
    bench::failure failed;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double percentile(const std::vector<std::int64_t>& sorted, double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]) / 1e3;
}

void print_skipped(bool json, const char* benchmark, const char* way, std::uint32_t processes,
                   std::int64_t possible, const std::string& reason) {
    if (json)
        std::printf("{\"benchmark\":\"%s\",\"way\":\"%s\",\"processes\":%u,"
                    "\"possible_processes\":%lld,\"skipped\":%s}\n",
                    benchmark, way, processes, static_cast<long long>(possible),
                    bench::quoted(reason).c_str());
    else
        std::printf("%-24s %9u  skipped after %lld processes: %s\n", way, processes,
                    static_cast<long long>(possible), reason.c_str());
}

void print(bool json, const bench::way_kind& kind, std::uint32_t processes, samples& s) {
    std::sort(s.latencies.begin(), s.latencies.end());
    const double middle = percentile(s.latencies, 0.5);
    const double late = percentile(s.latencies, 0.99);
    if (json)
        std::printf("{\"benchmark\":\"scale\",\"way\":\"%s\",\"processes\":%u,\"rounds\":%zu,"
                    "\"exits\":%zu,\"latency_median_microseconds\":%.2f,"
                    "\"latency_p99_microseconds\":%.2f,\"cpu_per_exit_microseconds\":%.2f,"
                    "\"user_memory_per_process_bytes\":%.1f,\"fds_per_process\":%u,"
                    "\"setup_per_process_microseconds\":%.2f}\n",
                    kind.name, processes, s.cpu.size(), s.latencies.size(), middle, late,
                    median(s.cpu), median(s.memory), kind.fds, median(s.setup));
    else
        std::printf("%-24s %9u %6zu %11.1f %11.1f %11.1f %9.0f %4u %9.1f\n", kind.name, processes,
                    s.latencies.size(), middle, late, median(s.cpu), median(s.memory), kind.fds,
                    median(s.setup));
}

void measure_ways(const options& o, pidfd_util::pidfd_view starter, std::uint32_t processes) {
    samples all[bench::way_count];
    for (std::size_t i = 0; i < bench::way_count; ++i) {
        const bench::way_kind& kind = bench::ways[i];
        const bench::room room = bench::find_room(kind.fds, kind.watches);
        if (kind.missing != nullptr)
            all[i].failed = {kind.missing, 0};
        else if (room.processes < processes)
            all[i].failed = {room.reason, static_cast<std::uint32_t>(room.processes)};
    }
    for (unsigned round = 0; round < o.rounds; ++round) {
        for (std::size_t turn = 0; turn < bench::way_count; ++turn) {
            const std::size_t i = round % 2 == 0 ? turn : bench::way_count - 1 - turn;
            if (!all[i].failed.reason.empty())
                continue;
            const bench::watching one = bench::measure_watching(
                bench::ways[i], {starter, processes, o.exits, o.seconds, round + 1});
            all[i].failed = one.failed;
            all[i].latencies.insert(all[i].latencies.end(), one.latencies.begin(),
                                    one.latencies.end());
            all[i].cpu.push_back(one.cpu_microseconds);
            all[i].memory.push_back(one.user_bytes);
            all[i].setup.push_back(one.setup_microseconds);
        }
    }
    for (std::size_t i = 0; i < bench::way_count; ++i) {
        if (all[i].failed.reason.empty())
            print(o.json, bench::ways[i], processes, all[i]);
        else
            print_skipped(o.json, "scale", bench::ways[i].name, processes, all[i].failed.processes,
                          all[i].failed.reason);
    }
    std::fflush(stdout);
}

void measure_single_calls(const options& o, pidfd_util::pidfd_view starter,
                          std::uint32_t processes) {
    const char* const names[] = {"epoll_wait, none ended", "wait_any, none ended",
                                 "wait_any, one ended", "wait_all, all ended"};
    const bench::room room = bench::find_room(1, 2);
    bench::calls times;
    if (room.processes < processes)
        times.failed = {room.reason, static_cast<std::uint32_t>(room.processes)};
    else
        times = bench::measure_calls({starter, processes, 1, o.seconds, 1});
    const double figures[] = {times.epoll_none_ended, times.any_none_ended, times.any_one_ended,
                              times.all_ended};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (!times.failed.reason.empty())
            print_skipped(o.json, "scale_calls", names[i], processes, times.failed.processes,
                          times.failed.reason);
        else if (o.json)
            std::printf("{\"benchmark\":\"scale_calls\",\"way\":\"%s\",\"processes\":%u,"
                        "\"microseconds\":%.2f}\n",
                        names[i], processes, figures[i]);
        else
            std::printf("%-24s %9u %12.1f %12.0f\n", names[i], processes, figures[i],
                        figures[i] * 1e3 / processes);
    }
    std::fflush(stdout);
}

void measure_all(const options& o, pidfd_util::pidfd_view starter) {
    if (!o.json)
        std::printf(
            "%-24s %9s %6s %11s %11s %11s %9s %4s %9s\n%-24s %9s %6s %11s %11s %11s %9s %4s "
            "%9s\n",
            "way", "processes", "exits", "latency us", "latency us", "CPU us", "bytes", "fds",
            "setup us", "", "", "", "median", "99 %", "per exit", "each", "each", "each");
    for (const std::uint32_t processes : o.processes)
        measure_ways(o, starter, processes);
    if (!o.json)
        std::printf("\n%-24s %9s %12s %12s\n", "call", "processes", "microseconds", "ns/process");
    for (const std::uint32_t processes : o.processes)
        measure_single_calls(o, starter, processes);
}

/// Measures in a process that outlives the one that was started, should that be killed: it then
/// reaps the children and restores the system's settings. init may take long to reap so many.
[[noreturn]] void work(const options& o, pidfd_util::pidfd_view starter) {
    (void)setsid(); // so that the terminal's signals do not end it
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    int result = EXIT_SUCCESS;
    try {
        std::optional<bench::raised_settings> raised;
        if (o.raise_limits)
            raised.emplace(*std::max_element(o.processes.begin(), o.processes.end()));
        bench::raise_own_limits();
        measure_all(o, starter);
    } catch (const bench::abandoned&) {
        result = EXIT_FAILURE;
    }
    std::exit(result);
}

} // namespace

int main(int argc, char** argv) {
    const options o = parse(argc, argv);
    const auto starter = pidfd_util::pidfd::from_self();
    const pid_t worker = starter ? fork() : -1;
    if (worker == 0)
        work(o, *starter);
    int status = EXIT_FAILURE;
    return worker > 0 && waitpid(worker, &status, 0) == worker && status == 0 ? EXIT_SUCCESS
                                                                              : EXIT_FAILURE;
}
