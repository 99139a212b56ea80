// SPDX-License-Identifier: MIT
// The command line of pidfd-wait.
#ifndef PIDFD_WAIT_ARGUMENTS_HPP
#define PIDFD_WAIT_ARGUMENTS_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

struct arguments {
    enum class what : unsigned char { wait, help, version } what = what::wait;
    /// Empty: without a limit.
    std::optional<std::chrono::nanoseconds> timeout;
    /// How many of the processes have to end. Empty: all.
    std::optional<std::size_t> count;
    /// Whether to accept, without an error, a process that has ended and was reaped.
    bool exited = false;
    /// Whether it is an error if an exit status cannot be known.
    bool status = false;
    bool verbose = false;
    std::vector<std::string> names;
};

/// Returns an empty optional on a mistake, and stores its explanation in `mistake`.
std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake);

#endif
