// SPDX-License-Identifier: MIT
// query and answering_path.
#include "probe.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// An operation that has no path but this one.
int by_feature(feature f, answer_path& path, answer_path name = answer_path::syscall) noexcept {
    const int error = probe::require(f);
    if (error == 0)
        path = name;
    return error;
}

int into_namespaces(answer_path& path) noexcept {
    const int error = by_feature(feature::setns, path);
    if (error != EOPNOTSUPP)
        return error;
    const int fallback = by_feature(feature::procfs, path);
    if (fallback == 0)
        path = answer_path::procfs;
    return fallback;
}

/// By the ioctl those of strangers, too: which can be tried without one that has ended only since
/// Linux 6.16, a release late.
int by_exit_information(answer_path& path) noexcept {
    if (by_feature(feature::coredump_info, path, answer_path::ioctl) == 0)
        return 0;
    return by_feature(feature::waitid, path);
}

/// Performs the query on the calling process.
int by_query(operation op, answer_path& path) noexcept {
    int self_fd = -1;
    if (const int error = abi::open_self(self_fd); error != 0)
        return error;
    const unique_fd self(self_fd);
    pid_t pid{};
    std::uint64_t id{};
    credentials creds{};
    abi::info_record info{};
    int fd = -1;
    bool alive{};
    int error = 0;
    switch (op) {
    case operation::get_pid:
        return abi::get_pid(self.get(), pid, &path);
    case operation::get_ppid:
        error = abi::get_ppid(self.get(), pid, &path);
        return error == EADDRNOTAVAIL ? 0 : error;
    case operation::get_id:
        return abi::get_id(self.get(), id, &path);
    case operation::get_creds:
        return abi::get_creds(self.get(), creds, sizeof creds, &path);
    case operation::get_cgroupid:
        return abi::get_cgroupid(self.get(), id, &path);
    case operation::get_info:
        return abi::get_info(self.get(), info, sizeof info, &path);
    case operation::get_namespace:
        error = abi::get_namespace(self.get(), namespace_type::mnt, fd, &path);
        break;
    case operation::open_proc:
        error = abi::open_proc(self.get(), fd);
        path = answer_path::procfs;
        break;
    case operation::is_alive:
    case operation::wait_exit:
        path = answer_path::syscall;
        return abi::is_alive(self.get(), alive);
    default:
        return EINVAL;
    }
    const unique_fd owner(fd);
    return error;
}

} // namespace

namespace abi {

int query(feature f, availability& result) noexcept {
    return probe::try_out(f, result);
}

int answering_path(operation op, answer_path& path) noexcept {
    switch (op) {
    case operation::from_pid:
        return by_feature(feature::pidfd_open, path);
    case operation::send_signal:
    case operation::queue_signal:
        return by_feature(feature::pidfd_send_signal, path);
    case operation::get_remote_fd:
        return by_feature(feature::pidfd_getfd, path);
    case operation::wait:
    case operation::wait_change:
        return by_feature(feature::waitid, path);
    case operation::get_exit_status:
        return by_exit_information(path);
    case operation::get_coredump:
        return by_feature(feature::coredump_info, path, answer_path::ioctl);
    case operation::set_namespace:
        return into_namespaces(path);
    default:
        return by_query(op, path);
    }
}

} // namespace abi
} // namespace pidfd_util
