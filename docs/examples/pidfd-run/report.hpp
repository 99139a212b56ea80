// SPDX-License-Identifier: MIT
// What --report says.
#ifndef PIDFD_RUN_REPORT_HPP
#define PIDFD_RUN_REPORT_HPP

#include <pidfd_util/exit_status.hpp>

#include <chrono>
#include <string>
#include <sys/resource.h>
#include <vector>

/// How the command ran and ended.
struct ending {
    pidfd_util::exit_status status;
    std::vector<int> sent; ///< the signals of the stop policy, as far as it got
    std::chrono::nanoseconds wall;
    rusage used; ///< of the command, and of its own children that it waited for
};

std::string describe(const ending& e);

#endif
