// SPDX-License-Identifier: MIT
// The file in which a daemon notes its pid.
#ifndef PIDFD_KILL_PID_FILE_HPP
#define PIDFD_KILL_PID_FILE_HPP

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

struct pid_file {
    pid_t pid;
    /// When the file was written last.
    std::chrono::system_clock::time_point written;
};

/// Reads the pid in the first line of the file. Returns an empty optional if there is none, and stores
/// the reason in `mistake`.
std::optional<pid_file> read_pid_file(const std::string& path, std::string& mistake);

#endif
