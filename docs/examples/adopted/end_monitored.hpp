// SPDX-License-Identifier: MIT
// Ends a process that a fork server has started, and gets its status, as sandboxed-api does by hand in
// monitor_unotify.cc (commit 4248824): an O_PATH file descriptor of /proc/PID, kill(pid), and a status that
// the fork server sends through a pipe within a second.
//
// The traps that this avoids: the file descriptor of /proc/PID does not prevent the reuse of the
// pid, so the kill hits a new process once the fork server has reaped the old one; and an exit
// becomes an internal error if the fork server hangs.
#ifndef ADOPTED_END_MONITORED_HPP
#define ADOPTED_END_MONITORED_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/pidfd.hpp>

#include <chrono>
#include <optional>

namespace adopted {

/// Kills the process, if it still runs, waits until it has ended, and returns how it ended. The process
/// need not be a child: the fork server sends the pidfd, which it gets from `spawn`, over its socket. The
/// status is empty if the fork server has not reaped the process, or if the kernel does not keep it
/// (before Linux 6.15).
inline pidfd_util::expected<std::optional<pidfd_util::exit_status>>
end_monitored(pidfd_util::pidfd_view process, std::chrono::nanoseconds patience) {
    const auto killed = process.kill();
    if (!killed && killed.error() != pidfd_util::pidfd_errc::not_found)
        return pidfd_util::unexpected(killed.error());
    if (const auto ended = process.wait_exit_for(patience); !ended)
        return pidfd_util::unexpected(ended.error());
    const auto status = process.get_exit_status();
    if (!status && status.error() == pidfd_util::pidfd_errc::unsupported)
        return std::nullopt;
    return status;
}

} // namespace adopted

#endif
