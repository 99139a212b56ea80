// SPDX-License-Identifier: MIT
#include "process_opener.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "identify.hpp"
#include "pidns.hpp"
#include "proc_root.hpp"
#include "status.hpp"

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace pidfd_util {

namespace {

/// Opens the process of the caller's namespace that has this number. ESRCH: there is none.
int open_here(pid_t pid, unique_fd& process) noexcept {
    switch (const int error = sys::pidfd_open(pid, 0, process); error) {
    case ENOENT: // the id of a thread
    case EINVAL: // the same before Linux 6.16; or of a group whose leader is gone
        return ESRCH;
    default:
        return error;
    }
}

/// Reads the status of whichever process has this number now. ESRCH: none. EACCES: it is hidden.
int read_status_of(int root, pid_t number, status::record& found) noexcept {
    const int error = status::read_unverified(root, number, found);
    return error == ENOENT ? ESRCH : error == EPERM ? EACCES : error;
}

/// Returns whether /proc shows a process with this number, and not only a thread.
bool is_shown(int root, pid_t number) noexcept {
    status::record found{};
    return read_status_of(root, number, found) == 0 && found.tgid == number;
}

/// Opens the process that this /proc, which is of the caller's namespace, has just listed. EIO: it is
/// there all the same, so that a filter must have answered instead of the kernel.
int open_listed(int root, pid_t number, unique_fd& process) noexcept {
    int error = open_here(number, process);
    if (error != ESRCH || !is_shown(root, number))
        return error;
    // It may have got the number only now.
    error = open_here(number, process);
    return error == ESRCH && is_shown(root, number) ? EIO : error;
}

} // namespace

bool process_opener::is_passed_over(int error) noexcept {
    return error == ESRCH || error == EREMOTE || error == EACCES;
}

int process_opener::prepare(int root) noexcept {
    root_ = root;
    return pidns::find_caller(root, depth_, self_);
}

int process_opener::open(pid_t number, unique_fd& process) const noexcept {
    unique_fd found;
    if (depth_ == 1) {
        if (const int error = open_listed(root_, number, found); error != 0)
            return error;
    } else {
        status::record status{};
        if (const int error = read_status_of(root_, number, status); error != 0)
            return error;
        pid_t pid = 0;
        if (const int error = pidns::translate(root_, number, status.nspid, depth_, pid, &found);
            error != 0)
            return error == EACCES ? EPERM : error; // of the caller's own fdinfo: not hidden
        int flags = 0;
        if (const int error = sys::open_flags(found.get(), flags); error != 0)
            return error;
        if ((static_cast<unsigned>(flags) & uapi::pidfd_thread) != 0)
            return ESRCH;
    }
    process = std::move(found);
    return 0;
}

int process_opener::open_child(const procfs::process& parent, pid_t tgid, pid_t number,
                               unique_fd& child, process_stat::record& stat) const noexcept {
    unique_fd found;
    if (const int error = open(number, found); error != 0)
        return error;
    procfs::process shown;
    if (const int error = shown.open(found.get()); error != 0) {
        bool reaped = true;
        if (error == ESRCH)
            if (const int unknown = identify::is_reaped(found.get(), reaped); unknown != 0)
                return unknown;
        return reaped ? error : EIO; // a filter says that it is gone
    }
    if (shown.shown().pid != number)
        return ESRCH;
    // The parent had its number all the time if it has it now: then the number in the child's stat
    // was its own.
    process_stat::record read{};
    if (const int error = shown.settle(process_stat::read(shown, read)); error != 0)
        return error;
    if (const int gone = parent.check(); gone != 0)
        return gone;
    if (read.parent != tgid)
        return ESRCH;
    stat = read;
    child = std::move(found);
    return 0;
}

} // namespace pidfd_util
