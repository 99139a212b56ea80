// SPDX-License-Identifier: MIT
// Kinds of namespaces, and sets of them.
#ifndef PIDFD_UTIL_NAMESPACES_HPP
#define PIDFD_UTIL_NAMESPACES_HPP

namespace pidfd_util {

/// The namespaces that a process refers to, named as in /proc/PID/ns. See namespaces(7).
enum class namespace_type : unsigned char {
    cgroup,            ///< cgroup_namespaces(7)
    ipc,               ///< ipc_namespaces(7)
    mnt,               ///< mount_namespaces(7)
    net,               ///< network_namespaces(7)
    pid,               ///< pid_namespaces(7); for a process, the one that it was born in
    pid_for_children,  ///< the one that the next child will be born in
    time,              ///< time_namespaces(7)
    time_for_children, ///< the one that the next child will be born in
    user,              ///< user_namespaces(7)
    uts,               ///< uts_namespaces(7)
};

/// A set of namespaces to enter, combined with `|`. The values are clone(2)'s CLONE_NEW* flags.
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

/// The namespaces of either set.
[[nodiscard]] constexpr namespace_flags operator|(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
/// The namespaces that are in both sets.
[[nodiscard]] constexpr namespace_flags operator&(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
/// Adds the namespaces of the other set.
constexpr namespace_flags& operator|=(namespace_flags& a, namespace_flags b) noexcept {
    return a = a | b;
}

} // namespace pidfd_util

#endif
