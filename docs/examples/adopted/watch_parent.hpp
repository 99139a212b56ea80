// SPDX-License-Identifier: MIT
// Waits for the end of the parent, as WSL does by hand in init.cpp, WslInitWatcher (commit 3e27a6a):
// getppid, pidfd_open, and poll.
//
// The trap that this avoids: the parent ends between the fork and pidfd_open. Then the process that has
// adopted the caller is watched instead, or whichever process has the number by now, and the end is never
// seen.
#ifndef ADOPTED_WATCH_PARENT_HPP
#define ADOPTED_WATCH_PARENT_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/pidfd.hpp>

namespace adopted {

/// Returns when the parent has ended, which may be at once. `parent` is its pid, which was noted before the
/// fork. The process that adopts the caller was running before the parent ended, so its pid differs from
/// `parent`.
inline pidfd_util::expected<void> watch_parent(pid_t parent) {
    const auto opened = pidfd_util::pidfd::from_parent();
    if (!opened)
        return pidfd_util::unexpected(opened.error());
    const auto pid = opened->get_pid();
    if (pid ? *pid != parent : pid.error() == pidfd_util::pidfd_errc::not_found)
        return {}; // it had ended before
    if (!pid)
        return pidfd_util::unexpected(pid.error());
    return opened->wait_exit();
}

} // namespace adopted

#endif
