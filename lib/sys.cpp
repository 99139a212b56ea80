// SPDX-License-Identifier: MIT
#include "sys.hpp"

#include "uapi.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace pidfd_util::sys {

namespace {

// Only wait and poll sleep long enough to be interrupted, yet no EINTR may leak from anywhere. A
// call that is interrupted so often that it cannot be by signals must not hang its caller.
constexpr int patience = 100;

template <class Call>
auto repeat(Call call, int attempts) noexcept -> decltype(call()) {
    const int saved = errno;
    auto result = call();
    while (result == -1 && errno == EINTR && --attempts > 0)
        result = call();
    if (result == -1)
        result = errno == EINTR ? -EAGAIN : -errno;
    errno = saved;
    return result;
}

template <class Call>
auto once(Call call) noexcept -> decltype(call()) {
    return repeat(call, patience);
}

template <class... Args>
int raw(long number, Args... args) noexcept {
    return static_cast<int>(once([=] { return ::syscall(number, args...); }));
}

// Blocking calls are repeated for as long as signals interrupt them.
template <class Call>
int patiently(Call call) noexcept {
    return static_cast<int>(repeat(call, std::numeric_limits<int>::max()));
}

#ifdef SYS_fcntl64
constexpr long fcntl_number = SYS_fcntl64;
#else
constexpr long fcntl_number = SYS_fcntl;
#endif

// 32-bit machines younger than the year-2038 work have only the call with 64-bit times.
#ifdef SYS_ppoll
constexpr long ppoll_number = SYS_ppoll;
using kernel_time = long;
#else
constexpr long ppoll_number = SYS_ppoll_time64;
using kernel_time = std::int64_t;
#endif

struct kernel_timespec {
    explicit kernel_timespec(int milliseconds) noexcept
        : seconds(milliseconds / 1000), nanoseconds((milliseconds % 1000) * kernel_time{1000000}) {}
    kernel_time seconds;
    kernel_time nanoseconds;
};

// For calls that make a file descriptor, all of them with close-on-exec. A seccomp filter that
// answers "error 0" makes them return 0 with nothing made: nobody may own, and close, fd 0 for it.
template <class... Args>
int raw_fd(long number, Args... args) noexcept {
    const int fd = raw(number, args...);
    if (fd == 0 && raw(fcntl_number, 0, F_GETFD) != FD_CLOEXEC)
        return -ENOSYS;
    return fd;
}

} // namespace

int openat(int dir, const char* path, int flags) noexcept {
    return raw_fd(SYS_openat, dir, path, flags | O_CLOEXEC, 0);
}

void close(int fd) noexcept {
    // Never repeated: Linux has closed it whatever it answers.
    const int saved = errno;
    (void)::syscall(SYS_close, fd);
    errno = saved;
}

ssize_t read(int fd, char* buffer, std::size_t size) noexcept {
    return once([=] { return static_cast<ssize_t>(::syscall(SYS_read, fd, buffer, size)); });
}

ssize_t read_from_start(int fd, char* buffer, std::size_t size) noexcept {
    // Two zeros for the offset: on 32-bit machines it is a pair, on some after a filler.
    return once(
        [=] { return static_cast<ssize_t>(::syscall(SYS_pread64, fd, buffer, size, 0L, 0L, 0L)); });
}

int exists(int dir, const char* path) noexcept {
    return raw(SYS_faccessat, dir, path, F_OK);
}

int is_open(int fd) noexcept {
    const int flags = raw(fcntl_number, fd, F_GETFD);
    return flags < 0 ? flags : 0;
}

int duplicate(int fd) noexcept {
    return raw_fd(fcntl_number, fd, F_DUPFD_CLOEXEC, 0);
}

int set_cloexec(int fd) noexcept {
    return raw(fcntl_number, fd, F_SETFD, FD_CLOEXEC);
}

int filesystem_magic(int fd, long& magic) noexcept {
    struct statfs fs {};
    const int result = once([&] { return ::fstatfs(fd, &fs); });
    if (result == 0)
        magic = static_cast<long>(fs.f_type);
    return result;
}

int stat_inode(int fd, inode& result) noexcept {
    struct statx st {};
    const int error = raw(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_INO, &st);
    if (error == 0)
        result = {makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino};
    return error;
}

int file_handle(int dir, const char* name, std::uint64_t& id, int& mount_id) noexcept {
    struct {
        unsigned bytes;
        int type;
        unsigned char data[8];
    } handle{8, 0, {}};
    const int error = raw(SYS_name_to_handle_at, dir, name, &handle, &mount_id, AT_EMPTY_PATH);
    if (error == -EOVERFLOW)
        return -EOPNOTSUPP;
    if (error != 0)
        return error;
    if (handle.bytes != 8 || handle.type != uapi::fileid_kernfs)
        return -EOPNOTSUPP;
    std::memcpy(&id, handle.data, sizeof id);
    return 0;
}

bool kernel_is_64bit() noexcept {
    struct utsname name {};
    if (once([&] { return ::uname(&name); }) != 0)
        return false;
    return std::strstr(name.machine, "64") != nullptr || std::strcmp(name.machine, "s390x") == 0;
}

int ioctl(int fd, unsigned long request, void* argument) noexcept {
    return raw(SYS_ioctl, fd, request, argument);
}

int ioctl_fd(int fd, unsigned long request) noexcept {
    return raw_fd(SYS_ioctl, fd, request, 0L);
}

int setns(int fd, unsigned flags) noexcept {
    return raw(SYS_setns, fd, flags);
}

int pidfd_open(pid_t pid, unsigned flags) noexcept {
    return raw_fd(SYS_pidfd_open, pid, flags);
}

int pidfd_send_signal(int fd, int signal, unsigned flags) noexcept {
    return raw(SYS_pidfd_send_signal, fd, signal, nullptr, flags);
}

int pidfd_getfd(int fd, int target) noexcept {
    return raw_fd(SYS_pidfd_getfd, fd, target, 0U);
}

int waitid(int fd, siginfo_t& info, int options) noexcept {
    info.si_pid = 0;
    return patiently(
        [&] { return ::syscall(SYS_waitid, uapi::p_pidfd, fd, &info, options, nullptr); });
}

int poll(int fd, int milliseconds) noexcept {
    struct pollfd set {
        fd, POLLIN, 0
    };
    // The kernel counts what is left of the time down, so that a repeated call does not prolong it.
    kernel_timespec time(milliseconds);
    const int count = patiently([&] {
        return ::syscall(ppoll_number, &set, 1U, milliseconds < 0 ? nullptr : &time, nullptr, 0);
    });
    return count < 0 ? count : set.revents;
}

void sleep(int milliseconds) noexcept {
    kernel_timespec time(milliseconds);
    (void)repeat([&] { return ::syscall(ppoll_number, nullptr, 0U, &time, nullptr, 0); }, 1);
}

pid_t getpid() noexcept {
    return static_cast<pid_t>(::syscall(SYS_getpid));
}

pid_t gettid() noexcept {
    return static_cast<pid_t>(::syscall(SYS_gettid));
}

} // namespace pidfd_util::sys
