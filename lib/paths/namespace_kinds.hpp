// SPDX-License-Identifier: MIT
// The types of namespaces, and how each is named by the calls that take one.
#ifndef PIDFD_UTIL_LIB_PATHS_NAMESPACE_KINDS_HPP
#define PIDFD_UTIL_LIB_PATHS_NAMESPACE_KINDS_HPP

#include <pidfd_util/namespaces.hpp>

namespace pidfd_util {

struct namespace_kind {
    namespace_type value;
    namespace_flags flag;  // for setns and clone; `none`: neither takes this one
    unsigned ioctl_number; // of PIDFD_GET_*_NAMESPACE
    const char* link;      // in /proc/PID
};

inline constexpr namespace_kind namespace_kinds[] = {
    {namespace_type::cgroup, namespace_flags::cgroup, 1, "ns/cgroup"},
    {namespace_type::ipc, namespace_flags::ipc, 2, "ns/ipc"},
    {namespace_type::mnt, namespace_flags::mnt, 3, "ns/mnt"},
    {namespace_type::net, namespace_flags::net, 4, "ns/net"},
    {namespace_type::pid, namespace_flags::pid, 5, "ns/pid"},
    {namespace_type::pid_for_children, namespace_flags::none, 6, "ns/pid_for_children"},
    {namespace_type::time, namespace_flags::time, 7, "ns/time"},
    {namespace_type::time_for_children, namespace_flags::none, 8, "ns/time_for_children"},
    {namespace_type::user, namespace_flags::user, 9, "ns/user"},
    {namespace_type::uts, namespace_flags::uts, 10, "ns/uts"},
};

/// Returns the row of a type; null for an invalid type.
[[nodiscard]] constexpr const namespace_kind* kind_of(namespace_type type) noexcept {
    return names::find(namespace_kinds, type);
}

/// Returns the flags of all types.
[[nodiscard]] constexpr namespace_flags all_namespace_flags() noexcept {
    namespace_flags all = namespace_flags::none;
    for (const namespace_kind& kind : namespace_kinds)
        all |= kind.flag;
    return all;
}

} // namespace pidfd_util

#endif
