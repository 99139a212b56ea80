// SPDX-License-Identifier: MIT
// Ends everything that a compositor has started, as gamescope does by hand in Utils/Process.cpp (commit
// fcc1341): it looks for the parent's pid in each /proc/PID/stat, kills the parent first, and then looks
// for the children.
//
// The traps that this avoids: a name with a blank or a parenthesis shifts the fields of the file; the
// children of a parent that was killed have another parent by the time of the search; forks during the
// search escape; and waitpid(-1) takes the status of other children.
#ifndef ADOPTED_KILL_CHILDREN_HPP
#define ADOPTED_KILL_CHILDREN_HPP

#include <pidfd_util/orphans.hpp>

#include <chrono>
#include <cstddef>

namespace adopted {

/// Prepares `kill_children`: call it before the first child is started. A descendant that loses its
/// parent then becomes a child of the caller, also after setsid(2).
inline pidfd_util::expected<void> adopt_descendants() {
    return pidfd_util::become_subreaper();
}

/// Kills and reaps all children of the caller and their descendants, except the children in `keep`,
/// which keep their descendants and their statuses. Returns how many were reaped. `keep` is an array or
/// another contiguous range of `child` or `pidfd`.
template <class Range>
pidfd_util::expected<std::size_t> kill_children(const Range& keep,
                                                std::chrono::nanoseconds patience) {
    return pidfd_util::kill_descendants(keep, patience);
}

} // namespace adopted

#endif
