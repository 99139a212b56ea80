// SPDX-License-Identifier: MIT
// The cost of starting a program and waiting for it: pidfd-util compared with what people use. The
// ways take turns, so that other load on the machine meets all of them. Prints the best and the
// median round of each.
//
//   bench-starts [--quick] [--json]
//
// --quick makes few short rounds, to see that everything works.
#include "starts.hpp"
#include "starts_report.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace bench {

char program[] = BENCH_PROGRAM;
char* arguments[2] = {program, nullptr};

namespace {

/// The memory of the caller, apart from the program's own.
constexpr std::size_t sizes_mib[] = {0, 10, 1024, 8192};

struct settings {
    bool json = false;
    int rounds = 20;
    double round_microseconds = 20'000; // of one way
    std::size_t most_resident_mib = 8192;
    int throughput_rounds = 5;
    int throughput_starts = 10'000;
};

constexpr settings quick() {
    settings s;
    s.rounds = 3;
    s.round_microseconds = 2000;
    s.most_resident_mib = 1024;
    s.throughput_rounds = 2;
    s.throughput_starts = 500;
    return s;
}

/// Measures the ways that leave this behind, in rounds that each begin with another way. `count` is
/// the number of starts in a round; 0: as many as fit into the time of a round.
void measure(std::vector<measured>& all, leftover leaves, int rounds, int count,
             double round_microseconds) {
    struct turn {
        measured* of;
        int count;
    };
    std::vector<turn> turns;
    for (measured& m : all) {
        if (m.what.leaves != leaves || !m.skipped.empty())
            continue;
        // The first start is slow: it loads symbols, or opens an event loop. Others can be
        // slowed down by other load.
        double fastest = round_microseconds;
        double time = 0;
        for (int i = 0; i < 5 && m.skipped.empty() && time < round_microseconds; ++i) {
            m.skipped = m.what.time(1, time);
            fastest = std::min(fastest, time);
        }
        const double fits = round_microseconds / std::max(fastest, 1.0);
        turns.push_back({&m, count > 0 ? count : static_cast<int>(fits)});
    }
    for (std::size_t round = 0; round < static_cast<std::size_t>(rounds); ++round) {
        for (std::size_t i = 0; i < turns.size(); ++i) {
            const turn& now = turns[(i + round) % turns.size()];
            if (!now.of->skipped.empty())
                continue;
            double time = 0;
            now.of->skipped = now.of->what.time(now.count, time);
            now.of->rounds.push_back(time);
        }
    }
}

std::vector<measured> to_measure(const std::vector<way>& ways) {
    std::vector<measured> all;
    for (const way& w : ways)
        all.push_back({w});
    return all;
}

/// Whether pidfd-util itself was measured.
bool is_complete(const std::vector<measured>& all) {
    return std::none_of(all.begin(), all.end(), [](const measured& m) {
        return !m.skipped.empty() && std::strncmp(m.what.name, "pidfd_util", 10) == 0;
    });
}

/// Returns 0 if it is unknown.
std::size_t available_mib() {
    std::size_t kib = 0;
    char line[256];
    std::FILE* const file = std::fopen("/proc/meminfo", "re");
    if (file == nullptr)
        return 0;
    while (std::fgets(line, sizeof line, file) != nullptr && kib == 0)
        (void)std::sscanf(line, "MemAvailable: %zu", &kib);
    std::fclose(file);
    return kib / 1024;
}

/// Makes so much memory resident, until the process ends. Returns an empty string, or why it cannot.
std::string hold(std::size_t mib) {
    if (mib == 0)
        return {};
    // Twice, because the Python script holds as much; and a quarter that stays free.
    const std::size_t needed = 2 * mib + mib / 4;
    const std::size_t available = available_mib();
    if (available < needed)
        return "needs " + std::to_string(needed) + " MiB of memory, of which " +
               std::to_string(available) + " MiB are available";
    const std::size_t size = mib << 20;
    void* const memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return std::generic_category().message(errno);
    (void)madvise(memory, size, MADV_NOHUGEPAGE); // as a heap that has grown
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (std::size_t at = 0; at < size; at += page)
        static_cast<volatile char*>(memory)[at] = 1;
    return {};
}

bool measure_one(const settings& how, const report& out, const std::vector<way>& ways,
                 std::size_t resident_mib) {
    std::string reason;
    if (resident_mib > how.most_resident_mib)
        reason = "not with --quick";
    else
        reason = hold(resident_mib);
    if (!reason.empty()) {
        out.one_skipped(resident_mib, ways, reason);
        return true;
    }
    auto all = to_measure(ways);
#ifdef BENCH_PYTHON
    const std::string failure = start_python(resident_mib);
    for (measured& m : all)
        if (std::strncmp(m.what.name, "Python", 6) == 0)
            m.skipped = failure;
#endif
    for (const leftover leaves : leftovers)
        measure(all, leaves, how.rounds, 0, how.round_microseconds);
#ifdef BENCH_PYTHON
    end_python();
#endif
    out.one(resident_mib, all);
    return is_complete(all);
}

bool measure_many(const settings& how, const report& out, const std::vector<way>& ways) {
    auto all = to_measure(ways);
    for (const leftover leaves : leftovers)
        measure(all, leaves, how.throughput_rounds, how.throughput_starts, how.round_microseconds);
    out.many(how.throughput_starts, all);
    return is_complete(all);
}

/// Runs the work in a process of its own, which has none of the memory and of the signal handlers
/// of the work before.
template <class Work>
bool in_new_process(Work work) {
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0)
        std::exit(work() ? EXIT_SUCCESS : EXIT_FAILURE);
    int status = -1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

all_ways collect(const report& out) {
    all_ways ways;
    std::vector<std::pair<const char*, std::string>> facts = {{"program", BENCH_PROGRAM_KIND}};
    std::vector<const char*> missing;
    add_pidfd_util(ways);
    add_system_calls(ways);
#ifdef BENCH_GLIB
    add_glib(ways);
    facts.emplace_back("glib", glib_version());
#else
    missing.push_back("GLib");
#endif
#ifdef BENCH_LIBUV
    add_libuv(ways);
    facts.emplace_back("libuv", libuv_version());
#else
    missing.push_back("libuv");
#endif
#ifdef BENCH_BOOST
    add_boost(ways);
    facts.emplace_back("boost", boost_version());
#else
    missing.push_back("Boost.Process");
#endif
#ifdef BENCH_PYTHON
    add_python(ways);
    facts.emplace_back("python", BENCH_PYTHON_VERSION);
#else
    missing.push_back("Python");
#endif
    out.setup(facts);
    for (const char* peer : missing)
        out.missing(peer);
    return ways;
}

int run(const settings& how) {
    const report out(how.json);
    const all_ways ways = collect(out);
    bool complete = true;
    for (const std::size_t mib : sizes_mib)
        complete &= in_new_process([&] { return measure_one(how, out, ways.one, mib); });
    complete &= in_new_process([&] { return measure_many(how, out, ways.many); });
    return complete ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

} // namespace bench

int main(int argc, char** argv) {
    bench::settings how;
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) {
            how = bench::quick();
        } else if (std::strcmp(argv[i], "--json") == 0) {
            json = true;
        } else {
            std::fprintf(stderr, "usage: %s [--quick] [--json]\n", argv[0]);
            return 2;
        }
    }
    how.json = json;
    return bench::run(how);
}
