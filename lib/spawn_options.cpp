// SPDX-License-Identifier: MIT
#include "spawn_options.hpp"

#include "record.hpp"
#include "sys.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

namespace pidfd_util {

namespace {

constexpr auto no_id = static_cast<uid_t>(-1); // which setresuid and setresgid ignore

bool has_any(namespace_flags set, namespace_flags of) noexcept {
    return (set & of) != namespace_flags::none;
}

/// Every target has one source only.
bool valid_mappings(array_view<fd_mapping> fds) noexcept {
    if (fds.size() > max_fd_mappings)
        return false;
    for (const fd_mapping& m : fds) {
        const bool twice =
            std::any_of(fds.begin(), &m, [&m](fd_mapping n) { return n.to == m.to; });
        if (m.to < 0 || twice)
            return false;
    }
    return true;
}

/// No signal is to be ignored and to have its default action.
bool valid_signals(const sigset_t* defaults, const sigset_t* ignored) noexcept {
    if (defaults == nullptr || ignored == nullptr)
        return true;
    for (int signal = 1; signal <= sys::last_signal; ++signal) {
        // These cannot be ignored: callers that pass a full set do not mean them.
        if (signal == SIGKILL || signal == SIGSTOP)
            continue;
        if (sigismember(defaults, signal) == 1 && sigismember(ignored, signal) == 1)
            return false;
    }
    return true;
}

/// A user without groups of its own would keep those of the caller.
bool valid_ids(const spawn_options& o) noexcept {
    if (!o.groups.is_valid())
        return false;
    if (o.uid.has_value() && !(o.gid.has_value() && o.groups.has_value()))
        return false;
    return o.uid.value_or(0) != no_id && o.gid.value_or(0) != no_id;
}

bool valid_namespaces(const spawn_options& o) noexcept {
    // A process enters a pid namespace with its children only; and a time namespace only if it
    // shares no memory. A new time namespace has clocks of its own only if they are set before the
    // first process is in it.
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
    // No id is mapped in a new user namespace.
    const bool sets_ids = o.uid.has_value() || o.gid.has_value() || o.groups.is_list();
    return !(sets_ids && has_any(o.new_namespaces, namespace_flags::user));
}

/// The leader of a new session leads a new group, and cannot join another.
bool valid_process_group(const spawn_options& o) noexcept {
    return !o.process_group.has_value() || (*o.process_group >= 0 && !o.new_session);
}

bool valid_parent_death_signal(int signal) noexcept {
    return signal >= 0 && signal <= sys::last_signal;
}

/// The kernel would take the nearest possible value.
bool valid_priority(setting<int> priority) noexcept {
    return *priority >= -20 && *priority <= 19;
}

bool valid(const spawn_options& o) noexcept {
    return valid_mappings(o.fds) && valid_signals(o.default_signals, o.ignored_signals) &&
           valid_ids(o) && valid_namespaces(o) && valid_process_group(o) &&
           valid_parent_death_signal(o.parent_death_signal) && valid_priority(o.priority) &&
           *o.cgroup >= 0 && (o.autoreap || !o.autokill);
}

} // namespace

int take_options(const spawn_options& from, std::size_t size, spawn_options& taken) noexcept {
    if (const int error = record::copy_in(from, size, taken); error != 0)
        return error;
    const auto& reserved = taken.reserved;
    if (std::any_of(std::begin(reserved), std::end(reserved), [](unsigned char b) { return b; }))
        return EOPNOTSUPP;
    return valid(taken) ? 0 : EINVAL;
}

bool changes_credentials(const spawn_options& o) noexcept {
    return o.uid.has_value() || o.gid.has_value() || o.groups.is_list() ||
           has_any(o.new_namespaces | o.enter_namespaces, namespace_flags::user);
}

} // namespace pidfd_util
