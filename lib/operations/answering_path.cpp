// SPDX-License-Identifier: MIT
#include "../choose/probe.hpp"
#include "../kernel/explain.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <climits>
#include <sys/resource.h>

namespace pidfd_util {

namespace {

/// Returns the path of an operation that has only one.
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

/// The ioctl also has the status of processes that are not children. Only a reaped process shows
/// that, so the core-dump information, which came one release later (Linux 6.16), is tried instead.
int by_exit_information(answer_path& path) noexcept {
    if (by_feature(feature::coredump_info, path, answer_path::ioctl) == 0)
        return 0;
    return by_feature(feature::waitid, path);
}

/// Opens the calling process by its id: without a hint, and then with its pid as one.
int by_id(int self, answer_path& path) noexcept {
    std::uint64_t id = 0;
    pid_t pid = 0;
    int fd = -1;
    if (const int error = abi::get_id(self, id, nullptr); error != 0)
        return error;
    path = answer_path::file_handle;
    int error = abi::open_inode(id, 0, fd);
    if (error != 0 && !is_answer(error)) {
        path = answer_path::syscall;
        error = abi::get_pid(self, pid, nullptr);
        if (error == 0)
            error = abi::open_inode(id, pid, fd);
    }
    const unique_fd opened(fd);
    return error;
}

/// Performs a query of facts.hpp on the calling process.
int by_facts(operation op, int self) noexcept {
    char buffer[PATH_MAX];
    std::size_t length = 0;
    bool flag = false;
    process_state state{};
    abi::process_usage_record usage{};
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
    int number = -1;
    switch (op) {
    case operation::read_proc:
        return abi::read_proc(self, length, flag, "comm", buffer, sizeof buffer);
    case operation::get_comm:
        return abi::get_comm(self, length, buffer, sizeof buffer);
    case operation::get_cgroup_path:
        return abi::get_cgroup_path(self, length, flag, buffer, sizeof buffer);
    case operation::get_state:
        return abi::get_state(self, state);
    case operation::get_usage:
        return abi::get_usage(self, usage, sizeof usage);
    case operation::get_limit:
        return abi::get_limit(self, soft, hard, RLIMIT_NOFILE);
    case operation::get_oom_score_adj:
        return abi::get_oom_score_adj(self, number);
    default:
        return EINVAL;
    }
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
    process_id process{};
    process_stamp stamp{};
    std::int64_t since_boot = 0;
    std::int64_t wall = 0;
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
        error = abi::get_namespace(self.get(), fd, namespace_type::mnt, &path);
        break;
    case operation::get_process_id:
        path = answer_path::inode;
        return abi::get_process_id(self.get(), process);
    case operation::get_stamp:
    case operation::from_stamp:
        path = answer_path::procfs;
        return abi::get_stamp(self.get(), stamp);
    case operation::get_start_time:
        path = answer_path::procfs;
        return abi::get_start_time(self.get(), since_boot, wall);
    case operation::same_process:
        path = abi::get_id(self.get(), id, nullptr) == 0 ? answer_path::inode : answer_path::fdinfo;
        return abi::same_process(self.get(), self.get(), alive);
    case operation::from_id:
        return by_id(self.get(), path);
    case operation::from_parent:
        path = answer_path::syscall;
        error = abi::open_parent(fd);
        if (error == EADDRNOTAVAIL) // that there is no parent is an answer, too
            error = 0;
        break;
    case operation::open_proc:
        error = abi::open_proc(self.get(), fd);
        path = answer_path::procfs;
        break;
    case operation::get_executable:
        error = abi::get_executable(self.get(), fd);
        path = answer_path::procfs;
        break;
    case operation::is_alive:
    case operation::wait_exit:
        path = answer_path::syscall;
        return abi::is_alive(self.get(), alive);
    default:
        path = answer_path::procfs;
        return by_facts(op, self.get());
    }
    const unique_fd owner(fd);
    return error;
}

} // namespace

namespace abi {

int answering_path(operation op, answer_path& path) noexcept {
    switch (op) {
    case operation::from_pid:
        return by_feature(feature::pidfd_open, path);
    case operation::from_tid:
        return by_feature(feature::thread, path);
    case operation::peer_pidfd:
        return by_feature(feature::peer_pidfd, path);
    case operation::send_signal:
    case operation::queue_signal:
    case operation::resend_signal:
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
    case operation::release_memory:
        return by_feature(feature::process_mrelease, path);
    case operation::advise:
        return by_feature(feature::process_madvise, path);
    case operation::set_namespace:
        return into_namespaces(path);
    default:
        return by_query(op, path);
    }
}

} // namespace abi
} // namespace pidfd_util
