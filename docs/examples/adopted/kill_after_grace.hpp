// SPDX-License-Identifier: MIT
// Ends a build with a grace period, and then its cgroup, as nix does by hand in processes.cc and cgroup.cc
// (commit 88b09c6): a helper thread that sleeps in steps of 25 ms, and 20 rounds of kill(pid) with pauses
// that grow to a second.
//
// The traps that this avoids: the thread reads the pid after the main thread has reaped the child and set
// it to -1, and kill(-1, SIGKILL) hits every process of the user; a pid that is reused between the
// reading of cgroup.procs and the kill; and an empty cgroup that is noticed late.
#ifndef ADOPTED_KILL_AFTER_GRACE_HPP
#define ADOPTED_KILL_AFTER_GRACE_HPP

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/child.hpp>

#include <chrono>
#include <csignal>

namespace adopted {

/// Sends `signal`, waits for the grace period, sends SIGKILL, and reaps the child. `scope` is the child or
/// the process group that it leads. A child that has ended is not signalled.
inline pidfd_util::expected<pidfd_util::exit_status>
kill_after_grace(pidfd_util::child& process, int signal, std::chrono::nanoseconds grace,
                 pidfd_util::signal_scope scope = pidfd_util::signal_scope::thread_group) {
    const pidfd_util::stop_step steps[] = {{signal, grace, scope},
                                           {SIGKILL, std::chrono::hours(1), scope}};
    const auto stopped = process.stop(steps);
    if (!stopped)
        return pidfd_util::unexpected(stopped.error());
    return stopped->status;
}

/// Kills everything in the cgroup `name` below `parent`, waits until it is empty, and removes it.
inline pidfd_util::expected<void> destroy_cgroup(pidfd_util::cgroup_view parent, const char* name,
                                                 std::chrono::nanoseconds patience) {
    const auto group = parent.open_below(name);
    if (!group)
        return pidfd_util::unexpected(group.error());
    if (const auto killed = group->kill(); !killed)
        return killed;
    if (const auto empty = group->wait_empty_for(patience); !empty)
        return empty;
    return parent.remove(name);
}

} // namespace adopted

#endif
