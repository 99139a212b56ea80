// SPDX-License-Identifier: MIT
// The steps of `spawn`.
#ifndef PIDFD_UTIL_SPAWN_STEP_HPP
#define PIDFD_UTIL_SPAWN_STEP_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// The steps in which a child is started, in their order. Two of them have a second part, which
/// runs elsewhere in the order: `file_descriptors` makes the mappings where it is listed, and
/// closes the other file descriptors after `parent_death`. `signal_setup` sets the signal mask
/// where it is listed, and sets the actions of signals before any other step of the child.
enum class spawn_step : unsigned char {
    options,          ///< checking the options, before anything is done
    clone,            ///< clone(2): making the child, in its namespaces and cgroup
    oom_score_adj,    ///< write(2) to /proc/self/oom_score_adj
    enter_namespaces, ///< setns(2)
    session,          ///< setsid(2)
    process_group,    ///< setpgid(2)
    terminal,         ///< ioctl(2), TIOCSCTTY or TIOCSPGRP
    file_descriptors, ///< dup3(2), close_range(2)
    limits,           ///< prlimit(2)
    priority,         ///< setpriority(2)
    scheduling,       ///< sched_setscheduler(2)
    cpus,             ///< sched_setaffinity(2)
    io_priority,      ///< ioprio_set(2)
    umask,            ///< umask(2)
    root,             ///< chroot(2), chdir(2)
    groups,           ///< setgroups(2)
    gid,              ///< setresgid(2)
    uid,              ///< setresuid(2); prctl(2), PR_CAP_AMBIENT
    directory,        ///< chdir(2)
    no_new_privs,     ///< prctl(2), PR_SET_NO_NEW_PRIVS
    before_exec,      ///< the caller's function
    parent_death,     ///< prctl(2), PR_SET_PDEATHSIG
    signal_setup,     ///< sigaction(2), sigprocmask(2)
    exec,             ///< execve(2), execveat(2)
    exec_unsearched,  ///< execve(2), of a name that was not looked up in PATH: see `search_path`
};

namespace names {

inline constexpr row<spawn_step> spawn_steps[] = {
    {spawn_step::options, "options"},
    {spawn_step::clone, "clone"},
    {spawn_step::oom_score_adj, "oom_score_adj"},
    {spawn_step::enter_namespaces, "enter_namespaces"},
    {spawn_step::session, "session"},
    {spawn_step::process_group, "process_group"},
    {spawn_step::terminal, "terminal"},
    {spawn_step::file_descriptors, "file_descriptors"},
    {spawn_step::limits, "limits"},
    {spawn_step::priority, "priority"},
    {spawn_step::scheduling, "scheduling"},
    {spawn_step::cpus, "cpus"},
    {spawn_step::io_priority, "io_priority"},
    {spawn_step::umask, "umask"},
    {spawn_step::root, "root"},
    {spawn_step::groups, "groups"},
    {spawn_step::gid, "gid"},
    {spawn_step::uid, "uid"},
    {spawn_step::directory, "directory"},
    {spawn_step::no_new_privs, "no_new_privs"},
    {spawn_step::before_exec, "before_exec"},
    {spawn_step::parent_death, "parent_death"},
    {spawn_step::signal_setup, "signal_setup"},
    {spawn_step::exec, "exec"},
    {spawn_step::exec_unsearched, "exec_unsearched"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(spawn_step s) noexcept {
    return names::name_of(names::spawn_steps, s);
}

} // namespace pidfd_util

#endif
