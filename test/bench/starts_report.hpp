// SPDX-License-Identifier: MIT
// Prints what the benchmark `starts` has measured: as tables, or as one JSON object for each line.
#ifndef PIDFD_UTIL_TEST_BENCH_STARTS_REPORT_HPP
#define PIDFD_UTIL_TEST_BENCH_STARTS_REPORT_HPP

#include "starts.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// A way with the microseconds for one start in each round; or why there are none.
struct measured {
    way what;
    std::vector<double> rounds = {};
    std::string skipped = {};
};

class report {
public:
    explicit report(bool json) : json_(json) {}

    /// Prints what all measurements have in common. An empty value is left out.
    void setup(const std::vector<std::pair<const char*, std::string>>& facts) const;

    /// Prints the times for a caller that has so much memory.
    void one(std::size_t resident_mib, const std::vector<measured>& ways) const;
    /// Prints why nothing was measured for a caller that has so much memory.
    void one_skipped(std::size_t resident_mib, const std::vector<way>& ways,
                     const std::string& reason) const;

    /// Prints the rates of `count` starts.
    void many(int count, const std::vector<measured>& ways) const;

    /// Prints that a peer is missing in this build.
    void missing(const char* peer) const;

private:
    bool json_;
};

} // namespace bench

#endif
