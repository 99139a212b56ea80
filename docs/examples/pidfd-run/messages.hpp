// SPDX-License-Identifier: MIT
// The exit codes of pidfd-run, and its messages.
#ifndef PIDFD_RUN_MESSAGES_HPP
#define PIDFD_RUN_MESSAGES_HPP

#include <string>

/// The same as those of timeout(1) and of shells.
enum exit_code {
    exit_timed_out = 124,
    exit_failed,
    exit_cannot_run,
    exit_not_found,
    exit_by_signal
};

/// Prints a line on standard error.
void say(const std::string& text);

/// Prints a line on standard error, and returns the code.
int complain(int code, const std::string& text);

#endif
