// SPDX-License-Identifier: MIT
// The system calls, one function each. A function returns 0 or an errno, fills its out-parameters
// only where it returns 0, and leaves errno alone. None is a cancellation point of
// pthread_cancel(3), as libc's own wrappers are: a cancelled thread must not unwind through a
// noexcept function.
//
// Each function knows which errnos the kernel returns from its call. Where the kernel never denies
// a call, EPERM and EACCES come from a seccomp filter and become ERFKILL. Every other errno that
// the call never has becomes EIO. A success that a filter made up ("error 0") becomes ENOSYS,
// unless the function's comment excludes this.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_HPP

#include <pidfd_util/unique_fd.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/types.h>
#include <type_traits>

struct iovec;
struct pollfd;

namespace pidfd_util::uapi {
struct clone_args;
struct rusage;
} // namespace pidfd_util::uapi

namespace pidfd_util::sys {

/// Converts an argument of a system call to what the kernel reads: a whole register. A variadic
/// call would leave the upper half of an int undefined, and pass a 64-bit number in two registers
/// on 32-bit machines.
template <class T>
[[nodiscard]] long to_register(T argument) noexcept {
    if constexpr (std::is_null_pointer_v<T>) {
        return 0;
    } else if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<long>(argument);
    } else {
        static_assert(sizeof(T) <= sizeof(long));
        return static_cast<long>(argument);
    }
}

/// Makes any system call once. Returns EINTR, and whatever a filter answers, unchanged.
[[nodiscard]] int call_with(long& value, long number, const long (&arguments)[6]) noexcept;
template <class... Args>
[[nodiscard]] int call_for(long& value, long number, Args... args) noexcept {
    const long all[6] = {to_register(args)...};
    return call_with(value, number, all);
}
template <class... Args>
[[nodiscard]] int call(long number, Args... args) noexcept {
    long value = 0;
    return call_for(value, number, args...);
}

/// openat of a path of the library. ERFKILL where a sandbox forbids it; EPERM and EACCES are the
/// kernel's own.
[[nodiscard]] int openat(int dir, const char* path, int flags, unique_fd& file) noexcept;
/// openat of a path that leads to a process in /proc. ESRCH: it is gone.
[[nodiscard]] int open_in_proc(int dir, const char* path, int flags, unique_fd& file) noexcept;
/// The same without crossing a mount on the way, and without magic links: openat2, Linux 5.6.
[[nodiscard]] int openat2_in_proc(int dir, const char* path, int flags, unique_fd& file) noexcept;
/// Opens the file of a path with O_PATH, unless the path leads through a link of /proc that has no
/// text of its own, such as a file descriptor: ELOOP. ENOSYS before Linux 5.6.
[[nodiscard]] int open_without_magic_links(const char* path, unique_fd& file) noexcept;
/// Reads the target of the symbolic link that `fd` was opened on with O_PATH and O_NOFOLLOW.
[[nodiscard]] int read_link(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept;
void close(int fd) noexcept;
/// Reads a file of /proc. ESRCH: its process is gone.
[[nodiscard]] int read(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept;
/// Reads a file of which little is known: passes on every errno that files of /proc return. A filter
/// that answers "error 0" is not noticed: a file can be empty.
[[nodiscard]] int read_any(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept;
/// Writes a text to a file of /proc in one call, as it is needed there.
[[nodiscard]] int write_text(int fd, const char* text, std::size_t size) noexcept;
/// getdents64. ENOENT: the directory was removed.
[[nodiscard]] int read_directory(int dir, char* buffer, std::size_t size,
                                 std::size_t& length) noexcept;
/// Reads from the start of the file, where /proc generates the text again. EBADMSG if it is empty.
[[nodiscard]] int read_from_start(int fd, char* buffer, std::size_t size,
                                  std::size_t& length) noexcept;
/// Sets the offset of the file to its start.
[[nodiscard]] int rewind(int fd) noexcept;
/// Continues a directory of /proc at a position that one of its entries has.
[[nodiscard]] int seek(int dir, std::int64_t position) noexcept;
/// Gets the flags of open(2) that the file was opened with. Works on every open file descriptor.
[[nodiscard]] int open_flags(int fd, int& flags) noexcept;
[[nodiscard]] int duplicate(int fd, unique_fd& copy) noexcept;
[[nodiscard]] int duplicate_above(int fd, int lowest, unique_fd& copy) noexcept;
/// Makes `to` a duplicate of `from`, without close-on-exec.
[[nodiscard]] int replace(int from, int to) noexcept;
[[nodiscard]] int set_cloexec(int fd) noexcept;
[[nodiscard]] int is_cloexec(int fd, bool& set) noexcept;
[[nodiscard]] int keep_on_exec(int fd) noexcept;
/// Closes every file descriptor from `first` to `last`. Linux 5.9.
[[nodiscard]] int close_range(unsigned first, unsigned last) noexcept;

[[nodiscard]] int filesystem_magic(int fd, long& magic) noexcept;
[[nodiscard]] int filesystem_magic_of(const char* path, long& magic) noexcept;

struct inode {
    std::uint32_t device; // of the file system, only for comparison; never 0
    std::uint64_t number;
};
[[nodiscard]] int stat_inode(int fd, inode& result) noexcept;
/// What a file descriptor was opened on, as far as statx shows it.
struct file_place {
    std::uint32_t device[2]; // major and minor number of the file system
    std::uint64_t mount;     // the mount's id; 0 before Linux 5.8, where statx does not have it
    std::uint64_t inode;
    bool is_link; // a symbolic link
};
[[nodiscard]] int stat_place(int fd, file_place& result) noexcept;
/// The same of a file of /proc. ENOENT: a directory that is hidden from the caller (hidepid=).
[[nodiscard]] int stat_place_in_proc(int fd, file_place& result) noexcept;
/// Gets the 64-bit inode number that is the file handle on pidfs and on cgroup2, and the id of the
/// mount. EOPNOTSUPP for handles of another kind.
[[nodiscard]] int file_handle(int fd, std::uint64_t& id, int& mount_id) noexcept;

/// Opens the file on pidfs that has this handle: `mount` is any file on pidfs, or `uapi::pidfs_root`.
/// ESTALE: there is none that the caller may see. EBADF: not a file, or the kernel has no such
/// number. Before Linux 6.14 only ESTALE, EPERM and EOPNOTSUPP.
[[nodiscard]] int open_by_handle(int mount, std::uint64_t id, unique_fd& file) noexcept;

/// Returns whether the kernel is 64-bit; false where it cannot be asked.
[[nodiscard]] bool kernel_is_64bit() noexcept;
/// Returns whether the kernel says that it is this release or a later one; false where it cannot be
/// asked. Only for what cannot be tried out.
[[nodiscard]] bool kernel_is_since(unsigned version, unsigned patchlevel) noexcept;

[[nodiscard]] int ioctl(int fd, unsigned long request, void* argument) noexcept;
/// Makes an ioctl that has no argument, for which the kernel wants a zero, and returns a new file
/// descriptor.
[[nodiscard]] int ioctl_fd(int fd, unsigned long request, unique_fd& made) noexcept;
/// EPERM and EACCES can come from a sandbox, here and below: see `explain_denial`.
[[nodiscard]] int setns(int fd, unsigned flags) noexcept;
[[nodiscard]] int pidfd_open(pid_t pid, unsigned flags, unique_fd& pidfd) noexcept;
/// A filter that answers "error 0" is not noticed, here and below: see `explain_success`.
[[nodiscard]] int pidfd_send_signal(int fd, int signal, unsigned flags) noexcept;
[[nodiscard]] int pidfd_queue_signal(int fd, const siginfo_t& info) noexcept;
[[nodiscard]] int pidfd_getfd(int fd, int target, unique_fd& copy) noexcept;
/// process_mrelease, Linux 5.15.
[[nodiscard]] int release_memory(int fd) noexcept;
/// process_madvise, Linux 5.10. EPERM and EACCES can come from a sandbox. `advised` is in bytes.
[[nodiscard]] int advise(int fd, const iovec* ranges, std::size_t count, int advice,
                         std::size_t& advised) noexcept;
/// Returns whether two threads certainly share their memory. False where kcmp is missing or refused.
[[nodiscard]] bool share_memory(pid_t one, pid_t other) noexcept;
/// Returns 0 if a process or thread has this pid, or if a process group or session still has this
/// number; ESRCH if nothing has it. Calls getpgid.
[[nodiscard]] int look_up_pid(pid_t pid) noexcept;
/// Signals every process of a group: kill with a negative number. The number must be above 1, and must
/// still be that of the right group. EPERM: the caller has no right to signal any of them.
[[nodiscard]] int kill_group(pid_t group, int signal) noexcept;
/// Finds out whether the caller's children stay zombies until they are reaped: whether SIGCHLD is not
/// ignored, and has no SA_NOCLDWAIT.
[[nodiscard]] int children_are_kept(bool& kept) noexcept;
/// waitid(P_PIDFD). `info.si_pid` is 0 where there was nothing to report.
/// In that case `usage`, which may be null, is not written.
[[nodiscard]] int waitid(int fd, siginfo_t& info, int options,
                         uapi::rusage* usage = nullptr) noexcept;
/// Gets the time in nanoseconds of CLOCK_MONOTONIC; no system call where the vDSO has it.
[[nodiscard]] int now(std::int64_t& time) noexcept;
/// Gets the time of any clock in nanoseconds.
[[nodiscard]] int read_clock(int clock, std::int64_t& time) noexcept;
/// Gets the time from now until the deadline, which is on the clock of `now`: 0 if it has passed;
/// `abi::never` if the deadline is `abi::never`.
[[nodiscard]] int time_until(std::int64_t deadline, std::int64_t& left) noexcept;
/// Polls until the deadline; `ready` and `events` are 0 if it has passed. The deadline `abi::never`
/// waits for ever, 0 not at all. EAGAIN if it is still interrupted again and again after the
/// deadline, or if a filter interrupts it. EMFILE if RLIMIT_NOFILE is below `count`.
[[nodiscard]] int poll(struct pollfd* set, std::size_t count, std::int64_t deadline,
                       std::size_t& ready) noexcept;
[[nodiscard]] int poll(int fd, std::int64_t deadline, short& events) noexcept;
/// Finds out whether poll shows that none of the events has happened, without waiting. The kernel
/// returns POLLNVAL for a number that cannot be open; a seccomp filter that answers instead of the
/// kernel does not: ENOSYS.
[[nodiscard]] int poll_quiet(int fd, short events, bool& quiet) noexcept;
/// Sleeps. Ends early when a signal comes.
[[nodiscard]] int sleep(std::int64_t nanoseconds) noexcept;

#ifdef __mips__
inline constexpr int last_signal = 128;
#else
inline constexpr int last_signal = 64;
#endif

/// A set of signals in the kernel's layout, which has also those that libc reserves.
struct signal_set {
    static constexpr int bits = 8 * sizeof(unsigned long);
    unsigned long words[last_signal / bits];

    [[nodiscard]] static constexpr signal_set all() noexcept {
        signal_set s{};
        for (unsigned long& word : s.words)
            word = ~0UL;
        return s;
    }
    void add(int signal) noexcept { words[(signal - 1) / bits] |= 1UL << ((signal - 1) % bits); }
    [[nodiscard]] bool has(int signal) const noexcept {
        return (words[(signal - 1) / bits] >> ((signal - 1) % bits) & 1) != 0;
    }
};

/// The kernel's struct sigaction, which begins with the handler (on MIPS with the flags). All zeros
/// mean SIG_DFL on every machine.
struct kernel_sigaction {
#ifdef __mips__
    // cppcheck-suppress unusedStructMember // the kernel uses it
    unsigned long flags;
    std::uintptr_t handler;
#else
    std::uintptr_t handler;
    // cppcheck-suppress unusedStructMember // the kernel uses it
    unsigned long flags;
#endif
    std::uint64_t rest[4];
};

inline constexpr std::uintptr_t ignore_action = 1; // SIG_IGN

/// `old` may be null: then a filter that answers "error 0" is not noticed.
[[nodiscard]] int set_signal_mask(const signal_set& mask, signal_set* old) noexcept;

/// Calls clone with these flags and others that no kernel accepts together: it makes no child.
[[nodiscard]] int failing_clone(unsigned flags) noexcept;
/// Calls clone3 with arguments that no kernel accepts: it makes no child, and the errno shows which
/// flags the kernel knows.
[[nodiscard]] int failing_clone3(const uapi::clone_args* args, std::size_t size) noexcept;

/// Reaps a child by its number: wait4. `reaped` is 0 if WNOHANG is among the options and the child
/// still runs.
[[nodiscard]] int wait_by_number(pid_t pid, int options, int& status, pid_t& reaped) noexcept;
/// Maps memory of zeros: private, or shared with children that are forked.
[[nodiscard]] int map_memory(std::size_t size, void*& where) noexcept;
[[nodiscard]] int map_shared(std::size_t size, void*& where) noexcept;
void unmap(void* where, std::size_t size) noexcept;

/// prctl(PR_SET_CHILD_SUBREAPER), and whether the caller is a subreaper.
[[nodiscard]] int set_subreaper() noexcept;
[[nodiscard]] int is_subreaper(bool& subreaper) noexcept;

[[nodiscard]] int getpid(pid_t& pid) noexcept;
/// `pid` is 0 if the parent is outside of the caller's pid namespace. A filter that answers "error 0"
/// is not noticed.
[[nodiscard]] int getppid(pid_t& pid) noexcept;
[[nodiscard]] int gettid(pid_t& tid) noexcept;
[[nodiscard]] int getuid(uid_t& uid) noexcept;

} // namespace pidfd_util::sys

#endif
