// SPDX-License-Identifier: MIT
#include "sys.hpp"

#include "narrow.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi_types.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <limits>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pidfd_util::sys {

namespace {

// Only wait and poll sleep long enough to be interrupted, yet no EINTR may leak from anywhere. A
// call that is interrupted so often that it cannot be by signals must not hang its caller.
constexpr int patience = 100;

/// The call's result, or a negated errno.
template <class Call>
auto attempt(Call call) noexcept -> decltype(call()) {
    const int saved = errno;
    auto result = call();
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

template <class Call>
auto repeat(Call call, int attempts) noexcept -> decltype(call()) {
    auto result = attempt(call);
    while (result == -EINTR && --attempts > 0)
        result = attempt(call);
    return result == -EINTR ? -EAGAIN : result;
}

template <class Call>
auto once(Call call) noexcept -> decltype(call()) {
    return repeat(call, patience);
}

template <class... Args>
int raw(long number, Args... args) noexcept {
    return static_cast<int>(once([=] { return ::syscall(number, to_register(args)...); }));
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

// Where there are two, the older one has ids of 16 bits.
#ifdef SYS_getuid32
constexpr long getuid_number = SYS_getuid32;
#else
constexpr long getuid_number = SYS_getuid;
#endif

// 32-bit machines younger than the year-2038 work have only the call with 64-bit times.
#if defined(SYS_ppoll) && !(defined(__x86_64__) && defined(__ILP32__))
constexpr long ppoll_number = SYS_ppoll;
using kernel_time = long;
#elif defined(SYS_ppoll)
constexpr long ppoll_number = SYS_ppoll;
using kernel_time = std::int64_t;
#else
constexpr long ppoll_number = SYS_ppoll_time64;
using kernel_time = std::int64_t;
#endif

constexpr std::int64_t second = 1'000'000'000;

/// A span of time for the kernel; what does not fit is cut, and the caller asks again.
struct kernel_timespec {
    explicit kernel_timespec(std::int64_t time) noexcept
        : seconds(narrow<kernel_time>(
              std::min(time / second, std::int64_t{std::numeric_limits<std::int32_t>::max()}))),
          nanoseconds(narrow<kernel_time>(time % second)) {}
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

int map(std::size_t size, int sharing, void*& where) noexcept {
    return once([&] {
        void* const found =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
        if (found == MAP_FAILED)
            return -1;
        where = found;
        return 0;
    });
}

} // namespace

long call(long number, long a, long b, long c, long d, long e, long f) noexcept {
    return attempt([=] { return ::syscall(number, a, b, c, d, e, f); });
}

int openat(int dir, const char* path, int flags) noexcept {
    return raw_fd(SYS_openat, dir, path, flags | O_CLOEXEC, 0);
}

int openat2_on_mount(int dir, const char* path, int flags) noexcept {
    uapi::open_how how{};
    how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
    how.resolve = uapi::resolve_no_xdev | uapi::resolve_no_magiclinks;
    return raw_fd(SYS_openat2, dir, path, &how, sizeof how);
}

ssize_t read_link(int fd, char* buffer, std::size_t size) noexcept {
    return once([=]() -> ssize_t { return ::syscall(SYS_readlinkat, fd, "", buffer, size); });
}

void close(int fd) noexcept {
    // Never repeated: Linux has closed it whatever it answers.
    const int saved = errno;
    (void)::syscall(SYS_close, fd);
    errno = saved;
}

ssize_t read(int fd, char* buffer, std::size_t size) noexcept {
    return once([=]() -> ssize_t { return ::syscall(SYS_read, fd, buffer, size); });
}

ssize_t read_from_start(int fd, char* buffer, std::size_t size) noexcept {
    // Two zeros for the offset: on 32-bit machines it is a pair, on some after a filler.
    return once([=]() -> ssize_t { return ::syscall(SYS_pread64, fd, buffer, size, 0L, 0L, 0L); });
}

int open_flags(int fd) noexcept {
    return raw(fcntl_number, fd, F_GETFL);
}

int duplicate(int fd) noexcept {
    return duplicate_above(fd, 0);
}

int duplicate_above(int fd, int lowest) noexcept {
    return raw_fd(fcntl_number, fd, F_DUPFD_CLOEXEC, lowest);
}

int replace(int from, int to) noexcept {
    return raw(SYS_dup3, from, to, 0);
}

int set_cloexec(int fd) noexcept {
    return raw(fcntl_number, fd, F_SETFD, FD_CLOEXEC);
}

int keep_on_exec(int fd) noexcept {
    return raw(fcntl_number, fd, F_SETFD, 0);
}

int close_range(unsigned first, unsigned last) noexcept {
    return raw(SYS_close_range, first, last, 0U);
}

int filesystem_magic(int fd, long& magic) noexcept {
    struct statfs fs {};
    const int result = once([&] { return ::fstatfs(fd, &fs); });
    if (result == 0)
        magic = fs.f_type;
    return result;
}

int filesystem_magic_of(const char* path, long& magic) noexcept {
    struct statfs fs {};
    const int result = once([&] { return ::statfs(path, &fs); });
    if (result == 0)
        magic = fs.f_type;
    return result;
}

int stat_inode(int fd, inode& result) noexcept {
    uapi::statx st{};
    const int error = raw(SYS_statx, fd, "", AT_EMPTY_PATH, uapi::statx_ino, &st);
    if (error == 0)
        result = {st.dev_major == 0 ? st.dev_minor : 0, st.ino};
    return error;
}

int stat_place(int fd, file_place& result) noexcept {
    uapi::statx st{};
    constexpr unsigned wanted = uapi::statx_type | uapi::statx_ino | uapi::statx_mnt_id;
    const int error = raw(SYS_statx, fd, "", AT_EMPTY_PATH, wanted, &st);
    if (error == 0)
        result = {{st.dev_major, st.dev_minor},
                  (st.mask & uapi::statx_mnt_id) != 0 ? st.mnt_id : 0,
                  st.ino,
                  S_ISLNK(st.mode)};
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
    if (handle.bytes != 8)
        return -EOPNOTSUPP;
    if (handle.type == uapi::fileid_ino32_gen) {
        std::uint32_t number = 0;
        std::memcpy(&number, handle.data, sizeof number);
        id = number;
        return 0;
    }
    if (handle.type != uapi::fileid_kernfs)
        return -EOPNOTSUPP;
    std::memcpy(&id, handle.data, sizeof id);
    return 0;
}

bool kernel_is_64bit() noexcept { // asked by 32-bit processes only
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

int pidfd_queue_signal(int fd, siginfo_t& info) noexcept {
    return raw(SYS_pidfd_send_signal, fd, info.si_signo, &info, 0U);
}

int pidfd_getfd(int fd, int target) noexcept {
    return raw_fd(SYS_pidfd_getfd, fd, target, 0U);
}

int waitid(int fd, siginfo_t& info, int options) noexcept {
    info.si_pid = 0;
    return patiently(
        [&] { return ::syscall(SYS_waitid, uapi::p_pidfd, fd, &info, options, nullptr); });
}

std::int64_t now() noexcept {
    struct timespec time {};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * second + time.tv_nsec;
}

int poll(struct pollfd* set, std::size_t count, std::int64_t deadline) noexcept {
    for (;;) {
        const std::int64_t left = deadline == 0 ? 0 : std::max(deadline - now(), std::int64_t{0});
        kernel_timespec time(left);
        // An interrupted call is not repeated in place: the time that is left is computed anew.
        const auto ready = attempt([&] {
            return ::syscall(ppoll_number, set, count, deadline == abi::never ? nullptr : &time,
                             nullptr, std::size_t{0});
        });
        if (ready == -EINTR)
            continue;
        if (ready == -EINVAL) // more than RLIMIT_NOFILE allows, be they open or not
            return -EMFILE;
        if (ready != 0 || left < std::numeric_limits<std::int32_t>::max() * second)
            return static_cast<int>(ready);
    }
}

int poll(int fd, std::int64_t deadline) noexcept {
    struct pollfd set {
        fd, POLLIN, 0
    };
    const int ready = poll(&set, 1, deadline);
    return ready < 0 ? ready : set.revents;
}

void sleep(std::int64_t nanoseconds) noexcept {
    kernel_timespec time(nanoseconds);
    (void)attempt(
        [&] { return ::syscall(ppoll_number, nullptr, 0U, &time, nullptr, std::size_t{0}); });
}

int epoll_create() noexcept {
    return raw_fd(SYS_epoll_create1, EPOLL_CLOEXEC);
}

int epoll_add(int epoll, int fd, std::uint64_t index) noexcept {
    struct epoll_event event {};
    event.events = EPOLLIN;
    event.data.u64 = index;
    return raw(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event);
}

int epoll_take(int epoll, std::uint64_t& index) noexcept {
    struct epoll_event event {};
    const int count = raw(SYS_epoll_pwait, epoll, &event, 1, 0, nullptr, std::size_t{0});
    if (count == 1)
        index = event.data.u64;
    return count;
}

int set_signal_mask(const signal_set& mask, signal_set* old) noexcept {
    return raw(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof mask);
}

int failing_clone3(const uapi::clone_args* args, std::size_t size) noexcept {
    return raw(SYS_clone3, args, size);
}

int wait_by_number(pid_t pid, int options, int& status) noexcept {
#ifdef SYS_wait4
    return patiently([&] { return ::syscall(SYS_wait4, long{pid}, &status, options, nullptr); });
#else
    siginfo_t info;
    const int error = patiently(
        [&] { return ::syscall(SYS_waitid, P_PID, pid, &info, WEXITED | options, nullptr); });
    if (error != 0)
        return error;
    status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    return pid;
#endif
}

int map_memory(std::size_t size, void*& where) noexcept {
    return map(size, MAP_PRIVATE, where);
}

int map_shared(std::size_t size, void*& where) noexcept {
    return map(size, MAP_SHARED, where);
}

void unmap(void* where, std::size_t size) noexcept {
    const int saved = errno;
    (void)::munmap(where, size);
    errno = saved;
}

pid_t getpid() noexcept {
    return raw(SYS_getpid);
}

pid_t gettid() noexcept {
    return raw(SYS_gettid);
}

int getuid(uid_t& uid) noexcept {
    const long result = once([] { return ::syscall(getuid_number); });
    if (result < 0)
        return static_cast<int>(result);
    uid = static_cast<uid_t>(result);
    return 0;
}

} // namespace pidfd_util::sys
