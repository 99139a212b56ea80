// SPDX-License-Identifier: MIT
#include "identify.hpp"

#include "answer.hpp"
#include "procfs.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

namespace pidfd_util::identify {

int check(int fd) noexcept {
    if (fd < 0)
        return EBADF;
    // The kernel looks at the fd first, and at whose child it is then. WNOWAIT: nothing is reaped.
    siginfo_t info;
    const int waited = -sys::waitid(fd, info, WEXITED | WNOHANG | WNOWAIT);
    if (waited == 0 || waited == ECHILD)
        return 0;
    // It is a bad fd, or there is no waitid(P_PIDFD) in this kernel or sandbox.
    const int flags = sys::open_flags(fd);
    if (flags < 0)
        return -flags;
    // Opened with O_PATH, a pidfd is none any more, whatever file system it is on.
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
        return error == EOPNOTSUPP && sandboxed(waited) == ERFKILL ? ERFKILL : error;
    }
}

int fault_of(int fd) noexcept {
    const int error = check(fd);
    return error == EBADF || error == EBADFD ? error : 0;
}

int fault_or(int fd, int error) noexcept {
    const int fault = fault_of(fd);
    return fault != 0 ? fault : error;
}

int has_ended(int fd, std::int64_t deadline, bool& ended) noexcept {
    const int events = sys::poll(fd, deadline);
    if (events < 0)
        return -events;
    if ((events & POLLNVAL) != 0) // closed since it was looked at
        return EBADF;
    ended = events != 0;
    return 0;
}

int is_reaped(int fd, bool& reaped) noexcept {
    const int events = sys::poll(fd, 0);
    if (events >= 0 && (events & POLLNVAL) != 0)
        return EBADF;
    if (events >= 0 && ((events & POLLHUP) != 0 || events == 0)) {
        reaped = events != 0;
        return 0;
    }
    // It has ended, and before Linux 6.9 poll tells no more. A signal reaches a zombie.
    switch (-sys::pidfd_send_signal(fd, 0, 0)) {
    case 0:
        reaped = false;
        return 0;
    case ESRCH:
        reaped = true;
        return 0;
    default: // no right to signal it, or not from this pid namespace
        break;
    }
    procfs::process process;
    switch (const int error = process.open(fd); error) {
    case 0:
    case EREMOTE:
    case ESRCH:
        reaped = error == ESRCH;
        return 0;
    default:
        return error;
    }
}

} // namespace pidfd_util::identify
