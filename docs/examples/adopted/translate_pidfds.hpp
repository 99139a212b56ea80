// SPDX-License-Identifier: MIT
// Turns pidfds that came over D-Bus into pids, as gamemode does by hand in common-pidfds.c (commit
// a74b810), and xdg-desktop-portal in xdp-utils.c (commit 0542d2b): both parse the line Pid of
// /proc/self/fdinfo/FD.
//
// The traps that this avoids: a file descriptor that is not a pidfd counts as translated, and pid 0
// is registered; and the code does not distinguish this case from a process that has ended, or that
// is in another pid namespace.
#ifndef ADOPTED_TRANSLATE_PIDFDS_HPP
#define ADOPTED_TRANSLATE_PIDFDS_HPP

#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <vector>

namespace adopted {

/// Returns the pids of all the file descriptors, in their order, or the error of the first one that has
/// no pid: `not_a_pidfd`, `not_found` or `foreign_namespace`. Stores its index in `*failed`. The pids are
/// for the log: a daemon that keeps the pidfds, and not the pids, cannot mistake a process for another.
inline pidfd_util::expected<std::vector<pid_t>> translate_pidfds(const std::vector<int>& fds,
                                                                 std::size_t* failed) {
    std::vector<pid_t> pids;
    for (const int fd : fds) {
        const auto pid = pidfd_util::pidfd_view(fd).get_pid();
        if (!pid) {
            *failed = pids.size();
            return pidfd_util::unexpected(pid.error());
        }
        pids.push_back(*pid);
    }
    return pids;
}

} // namespace adopted

#endif
