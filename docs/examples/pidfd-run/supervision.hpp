// SPDX-License-Identifier: MIT
// Waits for the job: the only loop of pidfd-run.
#ifndef PIDFD_RUN_SUPERVISION_HPP
#define PIDFD_RUN_SUPERVISION_HPP

#include "incoming.hpp"
#include "job.hpp"
#include "policy_run.hpp"

struct outcome {
    pidfd_util::exit_status status; ///< of the command
    bool timed_out;                 ///< the command ran when the stop policy began
};

/// Waits until the command has ended. Passes signals on, and takes the steps of `stop` when they are
/// due. With `as_init`, passes signals only to the command, begins the steps at the latest when the
/// command has ended, and waits for what the command has left behind.
pidfd_util::expected<outcome> supervise(job& j, const incoming_signals& signals, policy_run& stop,
                                        bool as_init);

#endif
