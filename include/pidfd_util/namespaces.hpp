// SPDX-License-Identifier: MIT
// Kinds of namespaces, and sets of them.
#ifndef PIDFD_UTIL_NAMESPACES_HPP
#define PIDFD_UTIL_NAMESPACES_HPP

namespace pidfd_util {

/// The namespaces that a process refers to, named as in /proc/PID/ns. See namespaces(7).
enum class namespace_type : unsigned char {
    cgroup,
    ipc,
    mnt,
    net,
    pid,
    pid_for_children, ///< the one that the next child will be born in
    time,
    time_for_children, ///< the one that the next child will be born in
    user,
    uts,
};

/// A set of namespaces to enter, combined with `|`. The values are clone(2)'s CLONE_NEW* flags.
enum class namespace_flags : unsigned {
    none = 0,
    time = 0x00000080,
    mnt = 0x00020000,
    cgroup = 0x02000000,
    uts = 0x04000000,
    ipc = 0x08000000,
    user = 0x10000000,
    pid = 0x20000000,
    net = 0x40000000,
};

[[nodiscard]] constexpr namespace_flags operator|(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr namespace_flags operator&(namespace_flags a, namespace_flags b) noexcept {
    return static_cast<namespace_flags>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr namespace_flags& operator|=(namespace_flags& a, namespace_flags b) noexcept {
    return a = a | b;
}

} // namespace pidfd_util

#endif
