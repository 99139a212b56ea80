// SPDX-License-Identifier: MIT
// The enumerations of features.hpp. They stand apart because the library is compiled with them, and
// without `expected`: it needs none, of whichever kind the consumers' is.
#ifndef PIDFD_UTIL_FEATURE_KINDS_HPP
#define PIDFD_UTIL_FEATURE_KINDS_HPP

namespace pidfd_util {

/// Parts of the kernel's pidfd interface, in the order of their arrival.
enum class feature : unsigned char {
    pidfd_send_signal, ///< pidfd_send_signal(2)
    pidfd_open,        ///< pidfd_open(2)
    clone3,            ///< clone3, of clone(2)
    waitid,            ///< waitid(P_PIDFD)
    pidfd_getfd,       ///< pidfd_getfd(2)
    clone_into_cgroup, ///< CLONE_INTO_CGROUP
    setns,             ///< setns with a pidfd
    nonblock,          ///< PIDFD_NONBLOCK
    pidfs,             ///< an inode for each process
    thread,            ///< PIDFD_THREAD
    signal_scope,      ///< PIDFD_SIGNAL_THREAD, _THREAD_GROUP and _PROCESS_GROUP
    namespace_ioctl,   ///< PIDFD_GET_*_NAMESPACE
    info_ioctl,        ///< PIDFD_GET_INFO
    file_handle,       ///< name_to_handle_at of a pidfd
    coredump_info,     ///< PIDFD_INFO_COREDUMP
    clone_autoreap,    ///< CLONE_AUTOREAP
    clone_autokill,    ///< CLONE_PIDFD_AUTOKILL, CLONE_NNP
    procfs,            ///< not the kernel's age: a /proc in which the caller finds its own thread
};

/// Every feature, for loops.
inline constexpr feature all_features[] = {
    feature::pidfd_send_signal,
    feature::pidfd_open,
    feature::clone3,
    feature::waitid,
    feature::pidfd_getfd,
    feature::clone_into_cgroup,
    feature::setns,
    feature::nonblock,
    feature::pidfs,
    feature::thread,
    feature::signal_scope,
    feature::namespace_ioctl,
    feature::info_ioctl,
    feature::file_handle,
    feature::coredump_info,
    feature::clone_autoreap,
    feature::clone_autokill,
    feature::procfs,
};

/// The feature's name, as spelt above.
[[nodiscard]] constexpr const char* to_string(feature f) noexcept {
    switch (f) {
    case feature::pidfd_send_signal:
        return "pidfd_send_signal";
    case feature::pidfd_open:
        return "pidfd_open";
    case feature::clone3:
        return "clone3";
    case feature::waitid:
        return "waitid";
    case feature::pidfd_getfd:
        return "pidfd_getfd";
    case feature::clone_into_cgroup:
        return "clone_into_cgroup";
    case feature::setns:
        return "setns";
    case feature::nonblock:
        return "nonblock";
    case feature::pidfs:
        return "pidfs";
    case feature::thread:
        return "thread";
    case feature::signal_scope:
        return "signal_scope";
    case feature::namespace_ioctl:
        return "namespace_ioctl";
    case feature::info_ioctl:
        return "info_ioctl";
    case feature::file_handle:
        return "file_handle";
    case feature::coredump_info:
        return "coredump_info";
    case feature::clone_autoreap:
        return "clone_autoreap";
    case feature::clone_autokill:
        return "clone_autokill";
    case feature::procfs:
        return "procfs";
    }
    return "?";
}

/// The first Linux release that has the feature; for `procfs`, an empty string.
[[nodiscard]] constexpr const char* first_kernel(feature f) noexcept {
    switch (f) {
    case feature::pidfd_send_signal:
        return "5.1";
    case feature::pidfd_open:
    case feature::clone3:
        return "5.3";
    case feature::waitid:
        return "5.4";
    case feature::pidfd_getfd:
        return "5.6";
    case feature::clone_into_cgroup:
        return "5.7";
    case feature::setns:
        return "5.8";
    case feature::nonblock:
        return "5.10";
    case feature::pidfs:
    case feature::thread:
    case feature::signal_scope:
        return "6.9";
    case feature::namespace_ioctl:
        return "6.11";
    case feature::info_ioctl:
        return "6.13";
    case feature::file_handle:
        return "6.14";
    case feature::coredump_info:
        return "6.16";
    case feature::clone_autoreap:
    case feature::clone_autokill:
        return "7.1";
    case feature::procfs:
        return "";
    }
    return "";
}

/// Whether a feature can be used.
enum class availability : unsigned char {
    missing,   ///< the kernel, or a sandbox that poses as an older kernel, does not have it
    forbidden, ///< a sandbox refuses it
    available, ///< it works
};

/// The availability's name, as spelt above.
[[nodiscard]] constexpr const char* to_string(availability a) noexcept {
    switch (a) {
    case availability::missing:
        return "missing";
    case availability::forbidden:
        return "forbidden";
    case availability::available:
        return "available";
    }
    return "?";
}

/// The operations of `pidfd` and `pidfd_view`. Those that are not here are another one by a
/// different name: `from_self` is `from_pid`, `kill` is `send_signal`, and `try_wait` is `wait`.
enum class operation : unsigned char {
    from_pid,
    get_pid,
    get_ppid,
    get_id,
    get_creds,
    get_cgroupid,
    get_info,
    get_namespace,
    open_proc,
    send_signal,
    queue_signal,
    set_namespace,
    get_remote_fd,
    is_alive,
    wait_exit,
    wait,
    wait_change,
    get_exit_status,
    get_coredump,
};

/// Every operation, for loops.
inline constexpr operation all_operations[] = {
    operation::from_pid,      operation::get_pid,       operation::get_ppid,
    operation::get_id,        operation::get_creds,     operation::get_cgroupid,
    operation::get_info,      operation::get_namespace, operation::open_proc,
    operation::send_signal,   operation::queue_signal,  operation::set_namespace,
    operation::get_remote_fd, operation::is_alive,      operation::wait_exit,
    operation::wait,          operation::wait_change,   operation::get_exit_status,
    operation::get_coredump,
};

/// The operation's name, as spelt above.
[[nodiscard]] constexpr const char* to_string(operation op) noexcept {
    switch (op) {
    case operation::from_pid:
        return "from_pid";
    case operation::get_pid:
        return "get_pid";
    case operation::get_ppid:
        return "get_ppid";
    case operation::get_id:
        return "get_id";
    case operation::get_creds:
        return "get_creds";
    case operation::get_cgroupid:
        return "get_cgroupid";
    case operation::get_info:
        return "get_info";
    case operation::get_namespace:
        return "get_namespace";
    case operation::open_proc:
        return "open_proc";
    case operation::send_signal:
        return "send_signal";
    case operation::queue_signal:
        return "queue_signal";
    case operation::set_namespace:
        return "set_namespace";
    case operation::get_remote_fd:
        return "get_remote_fd";
    case operation::is_alive:
        return "is_alive";
    case operation::wait_exit:
        return "wait_exit";
    case operation::wait:
        return "wait";
    case operation::wait_change:
        return "wait_change";
    case operation::get_exit_status:
        return "get_exit_status";
    case operation::get_coredump:
        return "get_coredump";
    }
    return "?";
}

} // namespace pidfd_util

#endif
