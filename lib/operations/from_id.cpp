// SPDX-License-Identifier: MIT
// from_id and from_inode.
#include "../choose/probe.hpp"
#include "../kernel/explain.hpp"
#include "../paths/boot.hpp"
#include "../paths/identify.hpp"
#include "../paths/path_result.hpp"
#include "../paths/pidfs_handle.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Returns 0 if the file has this inode number on pidfs; ESRCH if it has another one.
int check_inode(int fd, std::uint64_t inode) noexcept {
    std::uint64_t found = 0;
    if (const int error = abi::get_id(fd, found, nullptr); error != 0)
        return explain_on_own_fd(error);
    return found == inode ? 0 : ESRCH;
}

/// Opens what has this pid, a process or a thread, and compares its inode number.
int open_by_pid(pid_t pid, std::uint64_t inode, unique_fd& process) noexcept {
    const int error = identify::open_process_or_thread(pid, process);
    return error != 0 ? error : check_inode(process.get(), inode);
}

/// Opens the handle. If it is that of a thread, opens the thread again as one: before Linux 7.2,
/// open_by_handle_at does not accept PIDFD_THREAD.
path_result open_by_handle(std::uint64_t inode, unique_fd& process) noexcept {
    if (const path_result opened = pidfs_handle::open(inode, process); opened.error_or(0) != 0)
        return opened;
    if (const int error = check_inode(process.get(), inode); error != 0)
        return error == ESRCH ? EOPNOTSUPP : error; // a filter, or a handle of another file system
    abi::info_record info{};
    int error = abi::get_info(process.get(), info, sizeof info, nullptr);
    if (error == 0 && info.pid == info.tgid)
        return 0;
    pid_t pid = info.pid;
    if (!is_answer(error)) // a sandbox that refuses the ioctl
        error = abi::get_pid(process.get(), pid, nullptr);
    if (error == EREMOTE) // this /proc is that of another pid namespace
        return EOPNOTSUPP;
    return error != 0 ? explain_on_own_fd(error) : open_by_pid(pid, inode, process);
}

int open_inode(std::uint64_t inode, pid_t hint, unique_fd& process) noexcept {
    if (inode == 0 || hint < 0)
        return EINVAL;
    const path_result opened = open_by_handle(inode, process);
    const int error = opened.error_or(EOPNOTSUPP);
    if (is_answer(error) || hint == 0)
        return error;
    const int by_hint = open_by_pid(hint, inode, process);
    // That there is no such process is an answer only where processes have ids.
    if (by_hint == ESRCH)
        if (const int missing = probe::require(feature::pidfs); missing != 0)
            return missing;
    return by_hint == EOPNOTSUPP || by_hint == ENOSYS ? error : by_hint;
}

} // namespace

namespace abi {

int open_inode(std::uint64_t inode, pid_t hint, int& fd) noexcept {
    unique_fd process;
    const int error = pidfd_util::open_inode(inode, hint, process);
    if (error == 0)
        fd = process.release();
    return error;
}

int open_process_id(const process_id& id, pid_t hint, int& fd) noexcept {
    if (id.inode == 0 || hint < 0)
        return EINVAL;
    if (const int error = boot::check_id(id.boot); error != 0)
        return error;
    return open_inode(id.inode, hint, fd);
}

} // namespace abi
} // namespace pidfd_util
