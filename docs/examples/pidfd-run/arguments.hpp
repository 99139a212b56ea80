// SPDX-License-Identifier: MIT
// The command line of pidfd-run.
#ifndef PIDFD_RUN_ARGUMENTS_HPP
#define PIDFD_RUN_ARGUMENTS_HPP

#include <pidfd_util/child.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

struct arguments {
    enum class what : unsigned char { run, help, version } what = what::run;
    /// How long the command may run; empty: as long as it likes.
    std::optional<std::chrono::nanoseconds> timeout;
    /// How it is stopped then. The time of the last step does not count: nothing follows it.
    std::vector<pidfd_util::stop_step> stop;
    const char* cgroup = nullptr;
    bool report = false;
    /// Null-terminated.
    char** command = nullptr;
};

/// Empty if there is a mistake, which `mistake` explains.
std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake);

#endif
