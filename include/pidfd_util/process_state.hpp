// SPDX-License-Identifier: MIT
// What a process is doing.
#ifndef PIDFD_UTIL_PROCESS_STATE_HPP
#define PIDFD_UTIL_PROCESS_STATE_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// The state of a thread as the kernel shows it, by a letter, in proc_pid_stat(5). A process that is
/// frozen by its cgroup is shown as `sleeping`.
enum class process_state : unsigned char {
    unknown,  ///< a state that this version of the library does not know
    running,  ///< R: it runs, or waits for a processor
    sleeping, ///< S: it waits, and a signal wakes it
    /// D: an uninterruptible sleep; SIGKILL may end it. A parent in vfork(2) shows this state.
    disk_sleep,
    stopped,      ///< T: a signal stopped it
    tracing_stop, ///< t: a debugger stopped it
    zombie,       ///< Z: it has ended, and was not reaped
    dead,         ///< X: it has ended, and is being reaped
    idle,         ///< I: an idle kernel thread
    parked,       ///< P: a parked kernel thread
};

namespace names {

inline constexpr row<process_state> process_states[] = {
    {process_state::unknown, "unknown"},   {process_state::running, "running"},
    {process_state::sleeping, "sleeping"}, {process_state::disk_sleep, "disk_sleep"},
    {process_state::stopped, "stopped"},   {process_state::tracing_stop, "tracing_stop"},
    {process_state::zombie, "zombie"},     {process_state::dead, "dead"},
    {process_state::idle, "idle"},         {process_state::parked, "parked"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(process_state s) noexcept {
    return names::name_of(names::process_states, s);
}

} // namespace pidfd_util

#endif
