// SPDX-License-Identifier: MIT
// Starts the command.
#ifndef PIDFD_RUN_START_HPP
#define PIDFD_RUN_START_HPP

#include "arguments.hpp"
#include "incoming.hpp"
#include "job_cgroup.hpp"

#include <optional>

/// Starts the command. On failure, prints a message, stores the exit code in `code`, and returns an
/// empty optional.
std::optional<pidfd_util::child> start(arguments& args, const incoming_signals& signals,
                                       const job_cgroup& group, int& code);

#endif
