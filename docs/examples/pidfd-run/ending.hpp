// SPDX-License-Identifier: MIT
// The end of pidfd-run after that of the command.
#ifndef PIDFD_RUN_ENDING_HPP
#define PIDFD_RUN_ENDING_HPP

#include <pidfd_util/exit_status.hpp>

/// Ends this process as the command has ended: with the same exit code, or by the same signal, so that
/// a shell sees no difference. Dumps no core. Returns an exit code if the signal does not end this
/// process, as for pid 1.
int end_like(const pidfd_util::exit_status& status);

/// Returns the exit code that shells use for the status.
int code_for(const pidfd_util::exit_status& status);

#endif
