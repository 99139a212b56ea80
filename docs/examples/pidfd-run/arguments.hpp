// SPDX-License-Identifier: MIT
// The command line of pidfd-run.
#ifndef PIDFD_RUN_ARGUMENTS_HPP
#define PIDFD_RUN_ARGUMENTS_HPP

#include "settings.hpp"

#include <pidfd_util/child.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

enum class report_format : unsigned char { none, text, json };

struct arguments {
    enum class what : unsigned char { run, help, version } what = what::run;
    /// How long the command may run. Empty: without a limit.
    std::optional<std::chrono::nanoseconds> timeout;
    /// The stop policy. The time of the last step is ignored, because no step follows it.
    std::vector<pidfd_util::stop_step> stop;
    bool foreground = false;
    bool init = false;
    bool preserve_status = false;
    bool verbose = false;
    report_format report = report_format::none;
    const char* report_file = nullptr; // null: standard error
    const char* cgroup = nullptr;
    bool new_cgroup = false;
    start_settings settings;
    /// Null-terminated.
    char** command = nullptr;
};

/// Returns an empty optional on a mistake, and stores its explanation in `mistake`.
std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake);

#endif
