// SPDX-License-Identifier: MIT
// Prints what the benchmark `starts` has measured.
#include "starts_report.hpp"

#include "json.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace bench {

namespace {

double best(const std::vector<double>& rounds) {
    return *std::min_element(rounds.begin(), rounds.end());
}

double median(std::vector<double> rounds) {
    std::sort(rounds.begin(), rounds.end());
    const std::size_t middle = rounds.size() / 2;
    return rounds.size() % 2 == 1 ? rounds[middle] : (rounds[middle - 1] + rounds[middle]) / 2;
}

/// The best time of the first way whose name begins like this, or 0.
double best_of(const std::vector<measured>& ways, const char* name) {
    for (const measured& m : ways)
        if (m.skipped.empty() && std::strncmp(m.what.name, name, std::strlen(name)) == 0)
            return best(m.rounds);
    return 0;
}

void print_skipped_json(const char* benchmark, const char* way, const std::string& reason,
                        const std::string& more = {}) {
    std::printf("{\"benchmark\":\"%s\",\"way\":%s,%s\"skipped\":%s}\n", benchmark,
                quoted(way).c_str(), more.c_str(), quoted(reason).c_str());
}

std::string resident_key(std::size_t mib) {
    return "\"resident_mib\":" + std::to_string(mib) + ',';
}

} // namespace

void report::setup(const std::vector<std::pair<const char*, std::string>>& facts) const {
    std::string line = json_ ? "{\"benchmark\":\"setup\"" : "";
    for (const auto& [name, value] : facts) {
        if (value.empty())
            continue;
        if (json_)
            line += ',' + quoted(name) + ':' + quoted(value);
        else
            line += (line.empty() ? "" : ", ") + std::string(name) + ' ' + value;
    }
    std::printf("%s%s\n", line.c_str(), json_ ? "}" : "");
}

void report::one(std::size_t resident_mib, const std::vector<measured>& ways) const {
    const double reference = best_of(ways, "posix_spawn");
    if (!json_)
        std::printf("\nstart and wait, with %zu MiB resident\n%-38s %10s %10s  %s\n", resident_mib,
                    "way", "best us", "median us", "time / posix_spawn's");
    for (const measured& m : ways) {
        if (!m.skipped.empty()) {
            if (json_)
                print_skipped_json("start", m.what.name, m.skipped, resident_key(resident_mib));
            else
                std::printf("%-38s skipped: %s\n", m.what.name, m.skipped.c_str());
            continue;
        }
        const double fastest = best(m.rounds);
        if (json_)
            std::printf("{\"benchmark\":\"start\",\"way\":%s,%s\"microseconds\":%.2f,"
                        "\"median_microseconds\":%.2f,\"rounds\":%zu}\n",
                        quoted(m.what.name).c_str(), resident_key(resident_mib).c_str(), fastest,
                        median(m.rounds), m.rounds.size());
        else
            std::printf("%-38s %10.1f %10.1f  %20.2f\n", m.what.name, fastest, median(m.rounds),
                        reference > 0 ? fastest / reference : 0);
    }
}

void report::one_skipped(std::size_t resident_mib, const std::vector<way>& ways,
                         const std::string& reason) const {
    if (!json_) {
        std::printf("\nstart and wait, with %zu MiB resident: skipped: %s\n", resident_mib,
                    reason.c_str());
        return;
    }
    for (const way& w : ways)
        print_skipped_json("start", w.name, reason, resident_key(resident_mib));
}

void report::many(int count, const std::vector<measured>& ways) const {
    const double reference = best_of(ways, "posix_spawn");
    if (!json_)
        std::printf("\n%d starts, at most %d in flight\n%-38s %10s %10s  %s\n", count,
                    most_in_flight, "way", "best /s", "median /s", "rate / posix_spawn's");
    for (const measured& m : ways) {
        if (!m.skipped.empty()) {
            if (json_)
                print_skipped_json("start_throughput", m.what.name, m.skipped);
            else
                std::printf("%-38s skipped: %s\n", m.what.name, m.skipped.c_str());
            continue;
        }
        const double fastest = 1e6 / best(m.rounds);
        if (json_)
            std::printf("{\"benchmark\":\"start_throughput\",\"way\":%s,\"starts\":%d,"
                        "\"in_flight\":%d,\"starts_per_second\":%.1f,"
                        "\"median_starts_per_second\":%.1f,\"rounds\":%zu}\n",
                        quoted(m.what.name).c_str(), count, most_in_flight, fastest,
                        1e6 / median(m.rounds), m.rounds.size());
        else
            std::printf("%-38s %10.0f %10.0f  %20.2f\n", m.what.name, fastest,
                        1e6 / median(m.rounds), fastest * reference / 1e6);
    }
}

void report::missing(const char* peer) const {
    const std::string reason = "it was not found when this program was configured";
    if (json_)
        print_skipped_json("start", peer, reason);
    else
        std::printf("%s: skipped: %s\n", peer, reason.c_str());
}

} // namespace bench
