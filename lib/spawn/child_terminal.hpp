// SPDX-License-Identifier: MIT
// The terminal of a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_TERMINAL_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_TERMINAL_HPP

#include <pidfd_util/spawn_options.hpp>

#include <sys/types.h>

namespace pidfd_util {

/// Called in the child, which has all signals blocked, after it has got its session or group: makes
/// the terminal that of the session, or the group the foreground group. ENXIO: it is no terminal, or
/// not that of the session.
[[nodiscard, gnu::cold]] int take_terminal(const spawn_options& options) noexcept;

/// Gives the terminal back to the group that had it, if the child did not run its program. Make
/// this object in the parent, before the child is made.
class terminal_owner {
public:
    explicit terminal_owner(const spawn_options& options) noexcept;
    terminal_owner(const terminal_owner&) = delete;
    terminal_owner& operator=(const terminal_owner&) = delete;

    /// Does nothing if the child's group does not have the terminal. `child` is the pid that it had.
    void restore(pid_t child) const noexcept;

private:
    int terminal_ = -1;
    pid_t child_group_ = 0;  // 0: the child's own pid
    pid_t former_group_ = 0; // 0: unknown
};

} // namespace pidfd_util

#endif
