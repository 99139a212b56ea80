// SPDX-License-Identifier: MIT
// The signals that this process gets.
#ifndef PIDFD_RUN_INCOMING_HPP
#define PIDFD_RUN_INCOMING_HPP

#include "job.hpp"

#include <pidfd_util/spawn_options.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <csignal>
#include <optional>
#include <sys/signalfd.h>

/// Receives all signals that can be received, except those that were ignored from the start: the
/// caller of this program wants them to have no effect. SIGCHLD is received in any case.
class incoming_signals {
public:
    /// Blocks the signals. Call this before the command starts, so that none is lost.
    incoming_signals();

    /// Returns false if signals cannot be received; errno is set then.
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(fd_); }
    /// Becomes readable when a signal arrives.
    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Returns the next signal that has arrived; empty if there is none.
    [[nodiscard]] std::optional<signalfd_siginfo> next() const;

    /// Makes the command start with the signal mask and the ignored signals of this process's caller.
    void restore_for_command(pidfd_util::spawn_options& options) const;

private:
    bool ignores_children_; // SIGCHLD
    sigset_t former_mask_;
    pidfd_util::unique_fd fd_;
};

/// Passes a signal on: to the command only, or to the whole job.
void pass_on(const signalfd_siginfo& info, job& j, bool to_command_only);

/// If a key of the terminal, or the terminal itself, has stopped the command, also stops this process
/// until somebody continues it. So the shell sees a stopped job.
void stop_with_command(job& j);

#endif
