// SPDX-License-Identifier: MIT
// Stops processes in several steps.
#ifndef PIDFD_KILL_STOP_HPP
#define PIDFD_KILL_STOP_HPP

#include <pidfd_util/pidfd_util.hpp>

#include <string>
#include <vector>

/// A process that is to be stopped.
struct job {
    std::string name;
    pidfd_util::pidfd process;
    bool has_ended = false;
    /// The signals that were sent.
    std::vector<int> sent;
    /// Why a signal could not be sent, which ends the policy for this process.
    std::error_code refusal;
};

/// Sends the signal of each step to all processes that still run, and waits for its time or until all
/// have ended. After the last step it waits without a limit if that has no time. Returns an error if
/// the wait itself fails.
pidfd_util::expected<void> stop(std::vector<job>& jobs,
                                const std::vector<pidfd_util::stop_step>& policy);

#endif
