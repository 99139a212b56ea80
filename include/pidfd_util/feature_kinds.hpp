// SPDX-License-Identifier: MIT
// The enumerations of features.hpp. They have a header of their own because the library is compiled
// with them, and without `expected`.
#ifndef PIDFD_UTIL_FEATURE_KINDS_HPP
#define PIDFD_UTIL_FEATURE_KINDS_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// A part of the kernel's pidfd interface. The parts are in the order of the Linux releases that
/// introduced them.
enum class feature : unsigned char {
    pidfd_send_signal, ///< pidfd_send_signal(2)
    pidfd_open,        ///< pidfd_open(2)
    clone3,            ///< clone3, see clone(2)
    waitid,            ///< waitid(P_PIDFD)
    pidfd_getfd,       ///< pidfd_getfd(2)
    clone_into_cgroup, ///< CLONE_INTO_CGROUP
    setns,             ///< setns with a pidfd
    nonblock,          ///< PIDFD_NONBLOCK
    process_madvise,   ///< process_madvise(2)
    process_mrelease,  ///< process_mrelease(2)
    peer_pidfd,        ///< SO_PEERPIDFD, SO_PASSPIDFD and SCM_PIDFD
    pidfs,             ///< an inode for each process
    thread,            ///< PIDFD_THREAD
    signal_scope,      ///< PIDFD_SIGNAL_THREAD, _THREAD_GROUP and _PROCESS_GROUP
    namespace_ioctl,   ///< PIDFD_GET_*_NAMESPACE
    info_ioctl,        ///< PIDFD_GET_INFO
    file_handle,       ///< name_to_handle_at and open_by_handle_at of a pidfd
    coredump_info,     ///< PIDFD_INFO_COREDUMP
    clone_autoreap,    ///< CLONE_AUTOREAP
    clone_autokill,    ///< CLONE_PIDFD_AUTOKILL, CLONE_NNP
    procfs,            ///< a /proc in which the caller finds its own thread, on any kernel
};

namespace names {

struct feature_row {
    feature value;
    const char* name;
    const char* first_kernel;
};
inline constexpr feature_row features[] = {
    {feature::pidfd_send_signal, "pidfd_send_signal", "5.1"},
    {feature::pidfd_open, "pidfd_open", "5.3"},
    {feature::clone3, "clone3", "5.3"},
    {feature::waitid, "waitid", "5.4"},
    {feature::pidfd_getfd, "pidfd_getfd", "5.6"},
    {feature::clone_into_cgroup, "clone_into_cgroup", "5.7"},
    {feature::setns, "setns", "5.8"},
    {feature::nonblock, "nonblock", "5.10"},
    {feature::process_madvise, "process_madvise", "5.10"},
    {feature::process_mrelease, "process_mrelease", "5.15"},
    {feature::peer_pidfd, "peer_pidfd", "6.5"},
    {feature::pidfs, "pidfs", "6.9"},
    {feature::thread, "thread", "6.9"},
    {feature::signal_scope, "signal_scope", "6.9"},
    {feature::namespace_ioctl, "namespace_ioctl", "6.11"},
    {feature::info_ioctl, "info_ioctl", "6.13"},
    {feature::file_handle, "file_handle", "6.14"},
    {feature::coredump_info, "coredump_info", "6.16"},
    {feature::clone_autoreap, "clone_autoreap", "7.1"},
    {feature::clone_autokill, "clone_autokill", "7.1"},
    {feature::procfs, "procfs", ""},
};

} // namespace names

/// All features, for loops.
inline constexpr auto all_features = names::values_of(names::features);

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(feature f) noexcept {
    return names::name_of(names::features, f);
}

/// Returns the first Linux release that has the feature; an empty string for `procfs`.
[[nodiscard]] constexpr const char* first_kernel(feature f) noexcept {
    return names::text_of(names::features, f, &names::feature_row::first_kernel, "");
}

/// The availability of a feature.
enum class availability : unsigned char {
    missing,   ///< the kernel lacks it, or a sandbox imitates a kernel that lacks it
    forbidden, ///< a sandbox refuses it
    available, ///< it works
};

namespace names {

inline constexpr row<availability> availabilities[] = {
    {availability::missing, "missing"},
    {availability::forbidden, "forbidden"},
    {availability::available, "available"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(availability a) noexcept {
    return names::name_of(names::availabilities, a);
}

/// An operation of `pidfd` and `pidfd_view`, or on a socket. The operations that are missing here
/// make the same system calls as others: `from_self` as `from_pid`, `kill` as `send_signal`,
/// `try_wait` as `wait`, `get_peer` as `peer_pidfd`, `get_command_line` and `get_environment` as
/// `read_proc`, and `get_directory` and `get_root` as `get_executable`.
enum class operation : unsigned char {
    from_pid,
    from_tid,
    from_parent,
    from_id,
    from_stamp,
    peer_pidfd,
    get_pid,
    get_ppid,
    get_id,
    get_process_id,
    get_stamp,
    get_start_time,
    same_process,
    get_creds,
    get_cgroupid,
    get_info,
    get_namespace,
    open_proc,
    read_proc,
    get_executable,
    get_comm,
    get_cgroup_path,
    get_state,
    get_usage,
    get_limit,
    get_oom_score_adj,
    release_memory,
    advise,
    send_signal,
    queue_signal,
    resend_signal,
    set_namespace,
    get_remote_fd,
    is_alive,
    wait_exit,
    wait,
    wait_change,
    get_exit_status,
    get_coredump,
};

namespace names {

inline constexpr row<operation> operations[] = {
    {operation::from_pid, "from_pid"},
    {operation::from_tid, "from_tid"},
    {operation::from_parent, "from_parent"},
    {operation::from_id, "from_id"},
    {operation::from_stamp, "from_stamp"},
    {operation::peer_pidfd, "peer_pidfd"},
    {operation::get_pid, "get_pid"},
    {operation::get_ppid, "get_ppid"},
    {operation::get_id, "get_id"},
    {operation::get_process_id, "get_process_id"},
    {operation::get_stamp, "get_stamp"},
    {operation::get_start_time, "get_start_time"},
    {operation::same_process, "same_process"},
    {operation::get_creds, "get_creds"},
    {operation::get_cgroupid, "get_cgroupid"},
    {operation::get_info, "get_info"},
    {operation::get_namespace, "get_namespace"},
    {operation::open_proc, "open_proc"},
    {operation::read_proc, "read_proc"},
    {operation::get_executable, "get_executable"},
    {operation::get_comm, "get_comm"},
    {operation::get_cgroup_path, "get_cgroup_path"},
    {operation::get_state, "get_state"},
    {operation::get_usage, "get_usage"},
    {operation::get_limit, "get_limit"},
    {operation::get_oom_score_adj, "get_oom_score_adj"},
    {operation::release_memory, "release_memory"},
    {operation::advise, "advise"},
    {operation::send_signal, "send_signal"},
    {operation::queue_signal, "queue_signal"},
    {operation::resend_signal, "resend_signal"},
    {operation::set_namespace, "set_namespace"},
    {operation::get_remote_fd, "get_remote_fd"},
    {operation::is_alive, "is_alive"},
    {operation::wait_exit, "wait_exit"},
    {operation::wait, "wait"},
    {operation::wait_change, "wait_change"},
    {operation::get_exit_status, "get_exit_status"},
    {operation::get_coredump, "get_coredump"},
};

} // namespace names

/// All operations, for loops.
inline constexpr auto all_operations = names::values_of(names::operations);

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(operation op) noexcept {
    return names::name_of(names::operations, op);
}

} // namespace pidfd_util

#endif
