// SPDX-License-Identifier: MIT
// The target of a signal: a thread, a process or a process group.
#ifndef PIDFD_UTIL_SIGNAL_SCOPE_HPP
#define PIDFD_UTIL_SIGNAL_SCOPE_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// The target of a signal, whatever the pidfd was opened for. See PIDFD_SIGNAL_* in
/// pidfd_send_signal(2).
/// Linux 6.9.
enum class signal_scope : unsigned {
    thread = 1U << 0,        ///< the thread; for a pidfd of a process, its first thread
    thread_group = 1U << 1,  ///< the process, also for a pidfd of one of its threads
    process_group = 1U << 2, ///< every process of the group that the process leads
};

namespace names {

inline constexpr row<signal_scope> signal_scopes[] = {
    {signal_scope::thread, "thread"},
    {signal_scope::thread_group, "thread_group"},
    {signal_scope::process_group, "process_group"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(signal_scope s) noexcept {
    return names::name_of(names::signal_scopes, s);
}

} // namespace pidfd_util

#endif
