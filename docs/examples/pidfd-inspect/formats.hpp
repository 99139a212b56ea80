// SPDX-License-Identifier: MIT
// Texts of single values, which more than one form of the output needs.
#ifndef PIDFD_INSPECT_FORMATS_HPP
#define PIDFD_INSPECT_FORMATS_HPP

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

/// Returns the seconds with two decimals, as the kernel counts CPU time: "3.07".
std::string in_seconds(std::chrono::nanoseconds time);

/// Calls `f` for each argument of a command line in the format of /proc/PID/cmdline.
template <class F>
void for_each_argument(std::string_view command_line, F f) {
    while (!command_line.empty()) {
        const auto end = std::min(command_line.find('\0'), command_line.size());
        f(command_line.substr(0, end));
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
    }
}

#endif
