// SPDX-License-Identifier: MIT
// The output of --report.
#ifndef PIDFD_RUN_REPORT_HPP
#define PIDFD_RUN_REPORT_HPP

#include <pidfd_util/child_usage.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// How the command ran and ended.
struct ending {
    char** command;
    pidfd_util::exit_status status;
    bool timed_out;
    std::vector<int> sent; ///< the signals of the stop policy that were sent
    std::chrono::nanoseconds wall;
    /// What the command has used, and those of its children that it waited for. Empty if the kernel
    /// does not report it.
    std::optional<pidfd_util::child_usage> used;
    /// The peak of the resident memory of this process at the start of the command. A child begins
    /// with the memory of its parent, so a peak that is not above this one says nothing about it.
    std::uint64_t floor;
    /// The peak of the memory of the cgroup.
    std::optional<std::uint64_t> cgroup_peak;
};

/// Return the report as lines, and as a line with a JSON object.
std::string as_text(const ending& e);
std::string as_json(const ending& e);

#endif
