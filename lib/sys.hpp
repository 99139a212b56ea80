// SPDX-License-Identifier: MIT
// The system calls, one function each. A function answers the call's result, or a negated errno;
// errno itself is left alone. None is a cancellation point of pthread_cancel(3), which libc's own
// wrappers are: an unwinding thread must not meet a noexcept function.
#ifndef PIDFD_UTIL_LIB_SYS_HPP
#define PIDFD_UTIL_LIB_SYS_HPP

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/types.h>
#include <type_traits>

struct pollfd;

namespace pidfd_util::uapi {
struct clone_args;
}

namespace pidfd_util::sys {

/// An argument of a system call as the kernel takes it: a whole register. A variadic call would
/// leave the upper half of an int to chance, and make two registers of a 64-bit number elsewhere.
template <class T>
long to_register(T argument) noexcept {
    if constexpr (std::is_null_pointer_v<T>) {
        return 0;
    } else if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<long>(argument);
    } else {
        static_assert(sizeof(T) <= sizeof(long));
        return static_cast<long>(argument);
    }
}

/// Any system call, once.
long call(long number, long a, long b, long c, long d, long e, long f) noexcept;
template <class... Args>
long call(long number, Args... args) noexcept {
    const long all[6] = {to_register(args)...};
    return call(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

int openat(int dir, const char* path, int flags) noexcept;
/// The same without crossing a mount on the way, and without magic links. Linux 5.6.
int openat2_on_mount(int dir, const char* path, int flags) noexcept;
/// Reads where the symbolic link leads that `fd` was opened on with O_PATH and O_NOFOLLOW.
ssize_t read_link(int fd, char* buffer, std::size_t size) noexcept;
void close(int fd) noexcept;
ssize_t read(int fd, char* buffer, std::size_t size) noexcept;
/// From the start of the file: a file of /proc is generated anew.
ssize_t read_from_start(int fd, char* buffer, std::size_t size) noexcept;
/// With what flags of open(2) it was opened. Works on every file descriptor that is open.
int open_flags(int fd) noexcept;
int duplicate(int fd) noexcept;
int duplicate_above(int fd, int lowest) noexcept;
/// Makes `to` the same as `from`, without close-on-exec.
int replace(int from, int to) noexcept;
int set_cloexec(int fd) noexcept;
int keep_on_exec(int fd) noexcept;
/// Closes every file descriptor from `first` to `last`. Linux 5.9.
int close_range(unsigned first, unsigned last) noexcept;

int filesystem_magic(int fd, long& magic) noexcept;
int filesystem_magic_of(const char* path, long& magic) noexcept;

struct inode {
    std::uint32_t device; // of a file system without a disk, numbered by the kernel; else 0
    std::uint64_t number;
};
int stat_inode(int fd, inode& result) noexcept;
/// What a file descriptor was opened on, as far as statx tells it.
struct file_place {
    std::uint32_t device[2]; // the file system's: major and minor number
    std::uint64_t mount;     // the mount's id; 0 before Linux 5.8, which does not tell it
    std::uint64_t inode;
    bool is_link; // a symbolic link
};
int stat_place(int fd, file_place& result) noexcept;
/// The 64-bit inode number that is the file handle on pidfs and on cgroup2, and the id of the
/// mount; `name` may be empty. EOPNOTSUPP for handles of another kind.
int file_handle(int dir, const char* name, std::uint64_t& id, int& mount_id) noexcept;

/// Whether the kernel is 64-bit, as far as it tells.
bool kernel_is_64bit() noexcept;

int ioctl(int fd, unsigned long request, void* argument) noexcept;
/// An ioctl without an argument, for which the kernel wants a zero, that makes a file descriptor.
int ioctl_fd(int fd, unsigned long request) noexcept;
int setns(int fd, unsigned flags) noexcept;
int pidfd_open(pid_t pid, unsigned flags) noexcept;
int pidfd_send_signal(int fd, int signal, unsigned flags) noexcept;
int pidfd_queue_signal(int fd, siginfo_t& info) noexcept;
int pidfd_getfd(int fd, int target) noexcept;
/// waitid(P_PIDFD). `info.si_pid` is 0 where there was nothing to report.
int waitid(int fd, siginfo_t& info, int options) noexcept;
/// Nanoseconds of CLOCK_MONOTONIC; no system call where the vDSO answers.
std::int64_t now() noexcept;
/// The events that are there before the deadline, a time of `now`; none is 0. `abi::never` waits
/// for ever, 0 not at all.
int poll(int fd, std::int64_t deadline) noexcept;
int poll(struct pollfd* set, std::size_t count, std::int64_t deadline) noexcept;
/// May end early, when a signal comes.
void sleep(std::int64_t nanoseconds) noexcept;

int epoll_create() noexcept;
/// Adds it for input; `index` comes back with the event.
int epoll_add(int epoll, int fd, std::uint64_t index) noexcept;
/// One event that is there now: 1 and its index, or 0.
int epoll_take(int epoll, std::uint64_t& index) noexcept;

#ifdef __mips__
inline constexpr int last_signal = 128;
#else
inline constexpr int last_signal = 64;
#endif

/// A set of signals as the kernel has it, those that libc keeps for itself too.
struct signal_set {
    static constexpr int bits = 8 * sizeof(unsigned long);
    unsigned long words[last_signal / bits];

    static constexpr signal_set all() noexcept {
        signal_set s{};
        for (unsigned long& word : s.words)
            word = ~0UL;
        return s;
    }
    void add(int signal) noexcept { words[(signal - 1) / bits] |= 1UL << ((signal - 1) % bits); }
};

/// `old` may be null.
int set_signal_mask(const signal_set& mask, signal_set* old) noexcept;

/// clone3 with arguments that no kernel takes, by which it tells what it knows: nothing is made.
int failing_clone3(const uapi::clone_args* args, std::size_t size) noexcept;

/// wait4: the pid of a child that has ended and is reaped.
int wait_by_number(pid_t pid, int options, int& status) noexcept;
/// Memory of zeros: of the caller's own, or common with a forked child.
int map_memory(std::size_t size, void*& where) noexcept;
int map_shared(std::size_t size, void*& where) noexcept;
void unmap(void* where, std::size_t size) noexcept;

pid_t getpid() noexcept;
pid_t gettid() noexcept;
int getuid(uid_t& uid) noexcept;

} // namespace pidfd_util::sys

#endif
