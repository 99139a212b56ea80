// SPDX-License-Identifier: MIT
#include "visible_process.hpp"

#include "../kernel/sys.hpp"
#include "pidns.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util {

namespace {

/// Returns whether the process is in the caller's pid namespace or below it. Returns false if a
/// filter may have answered instead of the kernel, which returns EBADF for fd -1.
bool is_at_or_below(int pidfd) noexcept {
    const int error = sys::pidfd_send_signal(pidfd, 0, 0);
    return (error == 0 || error == EPERM) && sys::pidfd_send_signal(-1, 0, 0) == EBADF;
}

} // namespace

int visible_process::open(int pidfd) noexcept {
    if (const int error = process_.open(pidfd); error != 0)
        return error;
    // The caller is visible in this /proc, so its pid namespace is that of the /proc or below it. A
    // process with one number is in the namespace of the /proc. If it is also in the caller's or
    // below, all three are the same. This is cheaper than reading the caller's own status.
    if (process_.shown().nspid.count == 1 && is_at_or_below(pidfd)) {
        depth_ = 1;
        pid_ = process_.shown().pid;
        return 0;
    }
    if (const int error = pidns::depth_of_caller(process_.root(), depth_); error != 0)
        return error;
    const fdinfo::record& shown = process_.shown();
    const auto translate = [&](const text::pid_list& nspid) {
        return pidns::translate(process_.root(), shown.pid, nspid, depth_, pid_);
    };
    if (depth_ > 1 && shown.nspid.count == 0) { // before Linux 5.5 only status has the list
        status::record found{};
        if (const int error = read_status(found); error != 0)
            return error;
        return process_.settle(translate(found.nspid));
    }
    const int error = translate(shown.nspid);
    // A number that needs no translation was correct at the time when it was read.
    return depth_ == 1 ? error : process_.settle(error);
}

int visible_process::open(int pidfd, status::record& status) noexcept {
    const int error = open(pidfd);
    return error != 0 ? error : read_status(status);
}

int visible_process::read_status(status::record& result) const noexcept {
    unique_fd file;
    const int error = process_.open_file("status", O_RDONLY, file);
    return process_.settle(error != 0 ? error : status::read(file.get(), result));
}

int visible_process::find_parent(status::record status, pid_t& ppid) const noexcept {
    for (;;) {
        if (status.ppid == 0)
            return EADDRNOTAVAIL;
        if (depth_ == 1) {
            ppid = status.ppid;
            return 0;
        }
        const int root = process_.root();
        status::record parent{};
        int error = status::read_unverified(root, status.ppid, parent);
        if (error == 0)
            error = pidns::translate(root, status.ppid, parent.nspid, depth_, ppid);
        // If PPid is unchanged, what we read was the parent's; otherwise it ended, so retry with
        // the new one.
        status::record again{};
        if (const int gone = read_status(again); gone != 0)
            return gone;
        if (again.ppid == status.ppid)
            return error == EREMOTE ? EADDRNOTAVAIL : process_.settle(error);
        status = again;
    }
}

} // namespace pidfd_util
