// SPDX-License-Identifier: MIT
// The steps of a stop, and its result.
#ifndef PIDFD_UTIL_STOP_STEP_HPP
#define PIDFD_UTIL_STOP_STEP_HPP

#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/signal_scope.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>

namespace pidfd_util {

/// A step of `child::stop`: a signal to send, and the time to wait after it.
struct stop_step {
    int signal;                    ///< the number of the signal
    std::chrono::nanoseconds time; ///< how long to wait; 0: the next step follows at once
    /// The target of the signal: the child, or the process group that it leads.
    signal_scope scope = signal_scope::thread_group;
};

/// The default steps of `child::stop`. They send SIGTERM, and then SIGCONT so that a stopped
/// process handles SIGTERM, and wait 5 seconds. Then they send SIGKILL and wait 2 seconds.
inline constexpr stop_step default_stop[] = {
    {SIGTERM, std::chrono::nanoseconds(0)},
    {SIGCONT, std::chrono::seconds(5)},
    {SIGKILL, std::chrono::seconds(2)},
};

/// The steps of `default_stop` for the whole process group that the child leads.
inline constexpr stop_step default_group_stop[] = {
    {SIGTERM, std::chrono::nanoseconds(0), signal_scope::process_group},
    {SIGCONT, std::chrono::seconds(5), signal_scope::process_group},
    {SIGKILL, std::chrono::seconds(2), signal_scope::process_group},
};

/// The result of `child::stop`.
struct stop_result {
    exit_status status; ///< how the child ended
    /// The index of the last step whose signal was sent; empty if none was: the child had ended
    /// before the first step, or its signal was not permitted. The child need not have ended by this
    /// signal: a signal to a child that has just ended by itself, and was not reaped yet, counts as
    /// sent.
    std::optional<std::size_t> step;
};

} // namespace pidfd_util

#endif
