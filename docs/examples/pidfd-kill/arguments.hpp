// SPDX-License-Identifier: MIT
// The command line of pidfd-kill.
#ifndef PIDFD_KILL_ARGUMENTS_HPP
#define PIDFD_KILL_ARGUMENTS_HPP

#include "checks.hpp"

#include <pidfd_util/stop_step.hpp>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

struct arguments {
    enum class what : unsigned char { send, list, help, version } what = what::send;
    int signal = SIGTERM;
    /// The value that goes with the signal.
    std::optional<int> value;
    std::optional<pidfd_util::signal_scope> scope;
    /// The stop policy. Empty: only `signal` is sent.
    std::vector<pidfd_util::stop_step> stop;
    checks wanted;
    bool verbose = false;
    std::vector<std::string> pid_files;
    /// Processes; or signals, if they are to be listed.
    std::vector<std::string> names;
};

/// Parses a signal as `parse_signal` does, or 0.
std::optional<int> parse_signal_or_0(std::string_view text);

/// Returns an empty optional on a mistake, and stores its explanation in `mistake`.
std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake);

#endif
