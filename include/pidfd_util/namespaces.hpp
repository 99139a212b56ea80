// SPDX-License-Identifier: MIT
// Types of namespaces, and sets of them.
#ifndef PIDFD_UTIL_NAMESPACES_HPP
#define PIDFD_UTIL_NAMESPACES_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// A type of the namespaces that a process is in, named as in /proc/PID/ns. See namespaces(7).
enum class namespace_type : unsigned char {
    cgroup,            ///< cgroup_namespaces(7)
    ipc,               ///< ipc_namespaces(7)
    mnt,               ///< mount_namespaces(7)
    net,               ///< network_namespaces(7)
    pid,               ///< pid_namespaces(7); a process stays in the one that it was born in
    pid_for_children,  ///< the pid namespace that the next child will be born in
    time,              ///< time_namespaces(7)
    time_for_children, ///< the time namespace that the next child will be born in
    user,              ///< user_namespaces(7)
    uts,               ///< uts_namespaces(7)
};

namespace names {

inline constexpr row<namespace_type> namespace_types[] = {
    {namespace_type::cgroup, "cgroup"}, {namespace_type::ipc, "ipc"},
    {namespace_type::mnt, "mnt"},       {namespace_type::net, "net"},
    {namespace_type::pid, "pid"},       {namespace_type::pid_for_children, "pid_for_children"},
    {namespace_type::time, "time"},     {namespace_type::time_for_children, "time_for_children"},
    {namespace_type::user, "user"},     {namespace_type::uts, "uts"},
};

} // namespace names

/// All types, for loops.
inline constexpr auto all_namespace_types = names::values_of(names::namespace_types);

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(namespace_type t) noexcept {
    return names::name_of(names::namespace_types, t);
}

/// A set of types of namespaces, combined with `|`. The values are the flags CLONE_NEW* of
/// clone(2).
enum class namespace_flags : unsigned {
    none = 0,            ///< no namespace
    time = 0x00000080,   ///< CLONE_NEWTIME
    mnt = 0x00020000,    ///< CLONE_NEWNS
    cgroup = 0x02000000, ///< CLONE_NEWCGROUP
    uts = 0x04000000,    ///< CLONE_NEWUTS
    ipc = 0x08000000,    ///< CLONE_NEWIPC
    user = 0x10000000,   ///< CLONE_NEWUSER
    pid = 0x20000000,    ///< CLONE_NEWPID
    net = 0x40000000,    ///< CLONE_NEWNET
};

/// Returns the types that are in either set.
[[nodiscard]] constexpr namespace_flags operator|(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// Returns the types that are in both sets.
[[nodiscard]] constexpr namespace_flags operator&(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Adds the types of the other set.
constexpr namespace_flags& operator|=(namespace_flags& a, namespace_flags b) noexcept {
    return a = a | b;
}

} // namespace pidfd_util

#endif
