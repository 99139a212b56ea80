// SPDX-License-Identifier: MIT
#include "plausible_errors.hpp"

#include "uapi.hpp"

#include <cerrno>
#include <sys/syscall.h>

namespace support {

std::vector<int> plausible(long number, int error) {
    // What the kernel means by these, and nothing else.
    if (number == SYS_pidfd_send_signal && error == EINVAL)
        return {EREMOTE, EOPNOTSUPP};
    if (number == SYS_pidfd_open && error == EINVAL)
        return {ENOENT, EINVAL, EOPNOTSUPP, EIO};
    if (number == pidfd_util::uapi::sys_fcntl &&
        error == EINVAL) // F_DUPFD, of a lowest number above RLIMIT_NOFILE
        return {EMFILE, EIO};
    // The pidfd was closed since.
    if (number == SYS_pread64 && error == ENOENT)
        return {EBADF};
    if (number == SYS_name_to_handle_at && error == EACCES)
        return {EOPNOTSUPP, ERFKILL};
    // Of a process that is there: the other path is asked, which not every machine has.
    if (number == SYS_ioctl && error == ESRCH)
        return {ESRCH, EOPNOTSUPP};
    switch (error) {
    case 0:
        return {ENOSYS, EOPNOTSUPP, EBADMSG};
    case EINTR:
        return {EAGAIN};
    case EACCES:
        return {EACCES, ERFKILL, EIO};
    case EPERM:
        return {EPERM, EACCES, ERFKILL};
    case ENOENT:
        return {ENOENT, EACCES, EOPNOTSUPP, EIO};
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
        return {ENOSYS, ENOTTY, EOPNOTSUPP, EIO};
    case EINVAL:
        if (number == SYS_ppoll) // more than RLIMIT_NOFILE allows
            return {EMFILE};
        return {EINVAL, EOPNOTSUPP, EIO};
    case EBADF:
        return {EBADF, EBADFD, EIO};
    case ESRCH: // of a file in /proc, of a process that is there: it is hidden
        return {ESRCH, EACCES, EIO};
    case EOVERFLOW:
        return {EOVERFLOW, EOPNOTSUPP, EIO};
    default:
        return {error, EIO};
    }
}

bool can_tell_gone(long number) {
    switch (number) {
    case SYS_ioctl:
    case SYS_openat:
    case 437: // SYS_openat2, which older headers do not have
    case SYS_read:
    case SYS_pread64:
    case SYS_readlinkat:
    case SYS_setns:
    case SYS_pidfd_open:
    case SYS_pidfd_send_signal:
    case SYS_pidfd_getfd:
        return true;
    default:
        return false;
    }
}

} // namespace support
