// SPDX-License-Identifier: MIT
#include "spawn_options.hpp"

#include "../kernel/sys.hpp"
#include "../operations/record.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <sched.h>

namespace pidfd_util {

namespace {

constexpr auto no_id = static_cast<uid_t>(-1); // setresuid and setresgid ignore it

bool has_any(namespace_flags set, namespace_flags of) noexcept {
    return (set & of) != namespace_flags::none;
}

/// Returns whether all are signals, and none is both ignored and set to its default action.
bool valid_signals(const signal_list& defaults, const signal_list& ignored) noexcept {
    if (!defaults.is_valid() || !ignored.is_valid())
        return false;
    for (int signal = 1; signal <= sys::last_signal; ++signal) {
        // These cannot be ignored, and a set of all signals is not meant to include them.
        if (signal == SIGKILL || signal == SIGSTOP)
            continue;
        if (defaults.contains(signal) && ignored.contains(signal))
            return false;
    }
    return true;
}

/// Returns whether the ids are valid. A user id needs groups too: otherwise the child would keep
/// the caller's.
bool valid_ids(const spawn_options& o) noexcept {
    if (!o.groups.is_valid())
        return false;
    if (o.uid.has_value() && !(o.gid.has_value() && o.groups.has_value()))
        return false;
    return o.uid.value_or(0) != no_id && o.gid.value_or(0) != no_id;
}

bool valid_namespaces(const spawn_options& o) noexcept {
    // Only the children of a process enter a pid namespace. A process that shares its memory cannot
    // enter a time namespace, and the clocks of a new one can only be set before its first process.
    constexpr auto enterable = namespace_flags::cgroup | namespace_flags::ipc |
                               namespace_flags::mnt | namespace_flags::net | namespace_flags::user |
                               namespace_flags::uts;
    constexpr auto makeable = enterable | namespace_flags::pid;
    if ((o.enter_namespaces | enterable) != enterable || (o.new_namespaces | makeable) != makeable)
        return false;
    if (o.enter_process.has_value() != (o.enter_namespaces != namespace_flags::none))
        return false;
    if (*o.enter_process < 0 || has_any(o.enter_namespaces, o.new_namespaces))
        return false;
    // A new user namespace has no id mapped yet.
    const bool sets_ids = o.uid.has_value() || o.gid.has_value() || o.groups.is_list();
    return !(sets_ids && has_any(o.new_namespaces, namespace_flags::user));
}

/// Returns whether the process group is valid. The leader of a new session leads a new group and
/// cannot join another.
bool valid_process_group(const spawn_options& o) noexcept {
    return !o.process_group.has_value() || (*o.process_group >= 0 && !o.new_session);
}

bool valid_parent_death_signal(int signal) noexcept {
    return signal >= 0 && signal <= sys::last_signal;
}

/// Returns whether the priority is valid. For an invalid one, the kernel would silently use the
/// nearest valid value.
bool valid_priority(setting<int> priority) noexcept {
    return *priority >= -20 && *priority <= 19;
}

/// Returns whether the policy and its priority are valid. SCHED_DEADLINE and later policies have
/// more parameters.
bool valid_scheduling(setting<int> policy, setting<int> priority) noexcept {
    if (!policy.has_value())
        return !priority.has_value();
    switch (*policy & ~SCHED_RESET_ON_FORK) {
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return *priority == 0;
    case SCHED_FIFO:
    case SCHED_RR:
        return *priority >= 1 && *priority <= 99;
    default:
        return false;
    }
}

/// Returns whether the I/O priority is a class and one of its levels.
bool valid_io_priority(setting<int> priority) noexcept {
    constexpr int level_mask = 0x1fff;
    const int io_class = *priority >> 13;
    const int level = *priority & level_mask;
    return *priority >= 0 && io_class <= 3 && level <= 7 && (io_class != 0 || level == 0);
}

bool valid_cpus(array_view<int> cpus) noexcept {
    return std::all_of(cpus.begin(), cpus.end(),
                       [](int cpu) { return cpu >= 0 && cpu < cpu_limit; });
}

bool valid_attributes(const spawn_options& o) noexcept {
    constexpr mode_t permissions = 0777;
    return valid_priority(o.priority) &&
           valid_scheduling(o.scheduling_policy, o.scheduling_priority) &&
           valid_io_priority(o.io_priority) && valid_cpus(o.cpus) && *o.oom_score_adj >= -1000 &&
           *o.oom_score_adj <= 1000 && (*o.umask | permissions) == permissions;
}

/// Returns whether the terminal is valid. Only a session or a group can have one.
bool valid_terminal(const spawn_options& o) noexcept {
    return !o.terminal.has_value() ||
           (*o.terminal >= 0 && (o.new_session || o.process_group.has_value()));
}

bool valid_program(const spawn_options& o, const char* file) noexcept {
    return o.program.has_value() ? *o.program >= 0 && file == nullptr && !o.search_path
                                 : file != nullptr;
}

bool valid(const spawn_options& o, const char* file) noexcept {
    return valid_program(o, file) && valid_signals(o.default_signals, o.ignored_signals) &&
           o.signal_mask.is_valid() && valid_ids(o) && valid_namespaces(o) &&
           valid_process_group(o) && valid_terminal(o) &&
           valid_parent_death_signal(o.parent_death_signal) &&
           !(o.die_with_parent && o.parent_death_signal != 0) && valid_attributes(o) &&
           *o.cgroup >= 0 && (o.autoreap || !o.autokill) &&
           (o.before_exec != nullptr || o.before_exec_argument == nullptr);
}

} // namespace

int take_options(const spawn_options& from, std::size_t size, const char* file,
                 spawn_options& taken) noexcept {
    if (const int error = record::copy_in(from, size, taken); error != 0)
        return error;
    const auto& reserved = taken.reserved;
    if (std::any_of(std::begin(reserved), std::end(reserved), [](unsigned char b) { return b; }))
        return EOPNOTSUPP;
    return valid(taken, file) ? 0 : EINVAL;
}

bool changes_credentials(const spawn_options& o) noexcept {
    return o.uid.has_value() || o.gid.has_value() || o.groups.is_list() ||
           has_any(o.new_namespaces | o.enter_namespaces, namespace_flags::user);
}

} // namespace pidfd_util
