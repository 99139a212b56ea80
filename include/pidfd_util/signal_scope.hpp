// SPDX-License-Identifier: MIT
// Whom a signal goes to.
#ifndef PIDFD_UTIL_SIGNAL_SCOPE_HPP
#define PIDFD_UTIL_SIGNAL_SCOPE_HPP

namespace pidfd_util {

/// Whom a signal goes to, whatever the pidfd was opened for: PIDFD_SIGNAL_* of
/// pidfd_send_signal(2), Linux 6.9.
enum class signal_scope : unsigned {
    thread = 1U << 0,        ///< the thread; for a pidfd of a process, its first one
    thread_group = 1U << 1,  ///< the process, also for a pidfd of one of its threads
    process_group = 1U << 2, ///< every process of the group that this process is the leader of
};

} // namespace pidfd_util

#endif
