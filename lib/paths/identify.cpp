// SPDX-License-Identifier: MIT
#include "identify.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "procfs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

namespace pidfd_util::identify {

int open_self(unique_fd& self) noexcept {
    pid_t pid = 0;
    if (const int error = sys::getpid(pid); error != 0)
        return error; // a sandbox that refuses even this
    switch (const int error = sys::pidfd_open(pid, 0, self); error) {
    case EINVAL:
    case ENOENT:
    case ESRCH:
        return EIO; // the calling process exists
    default:
        return error;
    }
}

int open_process_or_thread(pid_t pid, unique_fd& opened) noexcept {
    int error = sys::pidfd_open(pid, 0, opened);
    // The id of a thread: EINVAL before Linux 6.16.
    if (error == ENOENT || error == EINVAL)
        error = sys::pidfd_open(pid, uapi::pidfd_thread, opened);
    return error == ENOENT || error == EINVAL ? ESRCH : error;
}

int check(int fd) noexcept {
    if (fd < 0)
        return EBADF;
    // The kernel checks the fd before it checks whether the process is a child. WNOWAIT: reap
    // nothing.
    siginfo_t info;
    const int waited = sys::waitid(fd, info, WEXITED | WNOHANG | WNOWAIT);
    if (waited == 0 || waited == ECHILD)
        return 0;
    // It is a bad fd, or this kernel or sandbox has no waitid(P_PIDFD).
    int flags = 0;
    if (const int error = sys::open_flags(fd, flags); error != 0)
        return error;
    // A pidfd that was reopened with O_PATH is no longer one, although it is still on pidfs.
    if (waited == EBADF || (flags & O_PATH) != 0)
        return EBADFD;
    long magic = 0;
    if (sys::filesystem_magic(fd, magic) == 0 && magic == uapi::pidfs_magic)
        return 0;
    procfs::process process;
    switch (const int error = process.open_unproved(fd); error) {
    case 0:
    case ESRCH:
    case EREMOTE:
        return 0;
    default:
        return error == EOPNOTSUPP && explain_denial(waited) == ERFKILL ? ERFKILL : error;
    }
}

int fault_of(int fd) noexcept {
    const int error = check(fd);
    return error == EBADF || error == EBADFD ? error : 0;
}

int explain(int fd, int error) noexcept {
    const int fault = fault_of(fd);
    return fault != 0 ? fault : error;
}

int explain_bad_fd(int fd) noexcept {
    switch (check(fd)) {
    case 0:
        return EIO;
    case EBADF:
        return EBADF;
    default: // not a pidfd; if `check` cannot find out, the system call's own EBADF shows it
        return EBADFD;
    }
}

int has_ended(int fd, std::int64_t deadline, bool& ended) noexcept {
    short events = 0;
    if (const int error = sys::poll(fd, deadline, events); error != 0)
        return error;
    if ((events & POLLNVAL) != 0) // closed since it was checked
        return EBADF;
    ended = events != 0;
    return 0;
}

int is_reaped(int fd, bool& reaped) noexcept {
    short events = 0;
    const bool polled = sys::poll(fd, 0, events) == 0;
    if (polled && (events & POLLNVAL) != 0)
        return EBADF;
    if (polled && ((events & POLLHUP) != 0 || events == 0)) {
        reaped = events != 0;
        return 0;
    }
    // It has ended, and before Linux 6.9 poll shows no more than that. A signal can be sent to a
    // zombie, but not to a reaped process. A filter would return the same for fd -1, where the
    // kernel returns EBADF.
    const int error = sys::pidfd_send_signal(fd, 0, 0);
    if ((error == 0 || error == ESRCH) && sys::pidfd_send_signal(-1, 0, 0) == EBADF) {
        reaped = error == ESRCH;
        return 0;
    }
    procfs::process process;
    switch (const int shown = process.open(fd); shown) {
    case 0:
    case EREMOTE:
    case ESRCH:
        reaped = shown == ESRCH;
        return 0;
    default:
        return shown;
    }
}

} // namespace pidfd_util::identify
