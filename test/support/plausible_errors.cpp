// SPDX-License-Identifier: MIT
#include "plausible_errors.hpp"

#include "kernel/uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/syscall.h>

namespace support {

namespace {

#ifdef SYS_mmap2
constexpr long memory_mapping = SYS_mmap2;
#else
constexpr long memory_mapping = SYS_mmap;
#endif

bool makes_fd(long number) {
    switch (number) {
    case SYS_ioctl: // for a namespace
    case SYS_openat:
    case SYS_openat2:
    case SYS_pidfd_open:
    case SYS_pidfd_getfd:
    case SYS_pipe2:
    case SYS_socket:
    case SYS_getsockopt: // for the peer's pidfd
    case SYS_open_by_handle_at:
    case SYS_clone:
    case SYS_clone3:
    case memory_mapping:              // that is shared: a file
    case pidfd_util::uapi::sys_fcntl: // F_DUPFD
        return true;
    default:
        return false;
    }
}

/// What the errno of a call means, where the kernel has it with this meaning only.
struct meaning {
    long number;
    int error;
    std::vector<int> results;
};

const std::vector<meaning>& meanings() {
    static const std::vector<meaning> all = {
        {SYS_pidfd_send_signal, EINVAL, {EREMOTE, EOPNOTSUPP}},
        {SYS_pidfd_open, EINVAL, {ENOENT, ESRCH, EINVAL, EOPNOTSUPP}},
        {SYS_pidfd_open, ENOENT, {ENOENT, ESRCH, EOPNOTSUPP}}, // the id of a thread
        // Gone; or the number is a thread's, which such a kernel does not open.
        {SYS_pidfd_open, ESRCH, {ESRCH, EOPNOTSUPP}},
        // F_DUPFD, of a lowest number above RLIMIT_NOFILE.
        {pidfd_util::uapi::sys_fcntl, EINVAL, {EMFILE}},
        {pidfd_util::uapi::sys_ppoll, EINVAL, {EMFILE}}, // more than RLIMIT_NOFILE allows
        // The peer was reaped, before Linux 6.16.
        {SYS_getsockopt, EINVAL, {ESRCH}},
        {SYS_getsockopt, ENODATA, {ENOTCONN}},
        {SYS_getsockopt, ENOPROTOOPT, {EOPNOTSUPP}},
        {SYS_getsockopt, ENOTSOCK, {ENOTSOCK}},
        {SYS_getsockopt, ERANGE, {ERANGE}},
        {SYS_setsockopt, ENOPROTOOPT, {EOPNOTSUPP}},
        {SYS_setsockopt, ENOTSOCK, {ENOTSOCK}},
        // The pidfd was closed since; or it is a file of a cgroup.
        {SYS_pread64, ENOENT, {EBADF}},
        // Of files of a cgroup: it was removed, or is threaded.
        {SYS_write, ENOENT, {ENODEV}},
        {SYS_mkdirat, ENOENT, {ENODEV}},
        {SYS_write, EOPNOTSUPP, {EPROTOTYPE, ENOSYS, EOPNOTSUPP}},
        {SYS_read, EOPNOTSUPP, {EPROTOTYPE, ENOSYS, EOPNOTSUPP}},
        {SYS_name_to_handle_at, EACCES, {EOPNOTSUPP, ERFKILL}},
        {SYS_name_to_handle_at, EOVERFLOW, {EOPNOTSUPP}}, // longer than those of cgroups
        // For a living process, the other path is tried, which not every machine has.
        {SYS_ioctl, ESRCH, {ESRCH, EOPNOTSUPP}},
        {SYS_ioctl, EREMOTE, {EREMOTE, EOPNOTSUPP, ECHILD}},
        // Before Linux 6.14 there is no such call for pidfds.
        {SYS_open_by_handle_at, EBADF, {EOPNOTSUPP}},
        {SYS_open_by_handle_at, ESTALE, {ESRCH, EOPNOTSUPP}},
        {SYS_openat, ENAMETOOLONG, {ENAMETOOLONG, EOPNOTSUPP}}, // of a cgroup
        // With a cgroup, which is in the state "domain invalid".
        {SYS_clone3, EOPNOTSUPP, {EBUSY, EOPNOTSUPP}},
        {SYS_setns, EUSERS, {EUSERS}},
        {SYS_waitid, ECHILD, {ECHILD}},
    };
    return all;
}

/// The errnos that a call has, and the operations return as they are. Which operation may return
/// which one, the tables say.
bool is_passed_on(long number, int error) {
    switch (number) {
    case SYS_openat: // in a cgroup that is being removed
    case SYS_openat2:
        return error == ENODEV || error == ENAMETOOLONG;
    case SYS_read:
        return error == ECONNRESET || error == EISDIR || error == ENAMETOOLONG || error == ENODEV ||
               error == ENXIO;
    case SYS_pread64: // of a file of a cgroup
        return error == ENODEV;
    case SYS_write:
        return error == ECONNRESET || error == ENODEV || error == EPIPE;
    case SYS_mkdirat:
    case SYS_unlinkat:
        return error == EEXIST || error == ENAMETOOLONG || error == ENODEV || error == EROFS ||
               error == EBUSY;
    case SYS_recvmsg:
    case SYS_sendmsg:
        switch (error) {
        case ENOTSOCK:
        case EPIPE:
        case ENOTCONN:
        case ECONNREFUSED:
        case ECONNRESET:
        case EDESTADDRREQ:
        case EMSGSIZE:
        case ENOBUFS:
        case ETOOMANYREFS:
        case EFAULT:
            return true;
        default:
            return false;
        }
    default:
        return false;
    }
}

std::vector<int> usual(long number, int error) {
    const bool opens = number == SYS_openat || number == SYS_openat2;
    switch (error) {
    case 0:
        return {ENOSYS, EOPNOTSUPP, EBADMSG};
    case EINTR:
        return {EAGAIN};
    case EACCES:
        return {EACCES, ERFKILL};
    case EPERM:
        return {EPERM, EACCES, ERFKILL};
    case ENOENT:
        return {ENOENT, ENODEV, EACCES, EOPNOTSUPP};
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
        return {ENOSYS, ENOTTY, EOPNOTSUPP};
    case EINVAL:
        return {EINVAL, EOPNOTSUPP};
    case EBADF:
        return {EBADF, EBADFD};
    case ESRCH: // of a file in /proc, of a process that is there: it is hidden
        return {ESRCH, EACCES};
    case EMFILE:
    case ENFILE:
        return makes_fd(number) ? std::vector<int>{error} : std::vector<int>{};
    case ENOMEM:
    case EAGAIN:
        return {error};
    case ENOTDIR: // of /proc or of a cgroup, which is something else
    case ELOOP:
    case EXDEV:
        return opens ? std::vector<int>{EOPNOTSUPP, EMEDIUMTYPE, ENODEV} : std::vector<int>{};
    default:
        return is_passed_on(number, error) ? std::vector<int>{error} : std::vector<int>{};
    }
}

} // namespace

std::vector<int> plausible(long number, int error) {
    const auto& all = meanings();
    const auto found = std::find_if(all.begin(), all.end(), [=](const meaning& m) {
        return m.number == number && m.error == error;
    });
    std::vector<int> results = found != all.end() ? found->results : usual(number, error);
    results.push_back(EIO); // the kernel does not have it where it was met
    return results;
}

bool can_tell_gone(long number) {
    switch (number) {
    case SYS_ioctl:
    case SYS_openat:
    case SYS_openat2:
    case SYS_read:
    case SYS_pread64:
    case SYS_readlinkat:
    case SYS_setns:
    case SYS_pidfd_open:
    case SYS_pidfd_send_signal:
    case SYS_pidfd_getfd:
    case SYS_getsockopt:
    case SYS_open_by_handle_at:
        return true;
    default:
        return false;
    }
}

} // namespace support
