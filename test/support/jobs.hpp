// SPDX-License-Identifier: MIT
// Running the spawnee with `run`.
#ifndef PIDFD_UTIL_TEST_JOBS_HPP
#define PIDFD_UTIL_TEST_JOBS_HPP

#include "catch.hpp"
#include "error_of.hpp"
#include "lifecycle.hpp"
#include "processes.hpp"

#include <pidfd_util/run.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <initializer_list>
#include <sys/wait.h>
#include <vector>

namespace support::jobs {

/// Runs the spawnee with these commands.
inline pidfd_util::expected<pidfd_util::run_result>
run(std::initializer_list<const char*> commands, const pidfd_util::run_options& options = {}) {
    std::vector<const char*> argv{spawnee()};
    argv.insert(argv.end(), commands);
    argv.push_back(nullptr);
    return pidfd_util::run(argv.data(), options);
}

/// The options with a time limit, and one step that cannot be outlived.
inline pidfd_util::run_options limited(std::chrono::nanoseconds time) {
    static constexpr pidfd_util::stop_step kill[] = {
        {SIGKILL, std::chrono::seconds(60), pidfd_util::signal_scope::process_group}};
    pidfd_util::run_options o;
    o.time_limit = time;
    o.stop = kill;
    return o;
}

/// What an isolated process reports of a run that fails.
struct failed_run {
    int error;
    bool nothing_left; // no child, not even a zombie
};

inline failed_run run_and_look(std::initializer_list<const char*> commands,
                               const pidfd_util::run_options& options) {
    const int error = error_of(run(commands, options));
    return {error, waitpid(-1, nullptr, WNOHANG | __WALL) == -1 && errno == ECHILD};
}

inline void check_nothing_left(int fds) {
    CHECK(count_fds() == fds);
    CHECK(waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
    CHECK(errno == ECHILD);
}

} // namespace support::jobs

#endif
