// SPDX-License-Identifier: MIT
// What can be asked of a pidfd and done through it: the members that `pidfd`, `pidfd_view` and `child`
// share.
#ifndef PIDFD_UTIL_OPERATIONS_HPP
#define PIDFD_UTIL_OPERATIONS_HPP

#include <pidfd_util/coredump_info.hpp>
#include <pidfd_util/detail/deadline.hpp>
#include <pidfd_util/detail/proc_access.hpp>
#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/process_info.hpp>
#include <pidfd_util/signal_scope.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

class pidfd;
class child;

/// The operations on a pidfd. All are `const`: they may change the process, never the handle.
/// They answer about, signal and enter the process that the pidfd refers to, or fail. No other
/// process that has the same pid now, or the same number in another pid namespace, is ever touched.
///
/// Every operation can also fail with these, which the tables below do not repeat:
///
/// | errno        | `pidfd_errc`           | when |
/// | ------------ | ---------------------- | ---- |
/// | EBADF        |                        | the handle is empty or closed |
/// | EBADFD       | `not_a_pidfd`          | the file descriptor is something else |
/// | ENOSYS, EOPNOTSUPP | `unsupported`    | no path on this kernel or sandbox can answer |
/// | ERFKILL      | `forbidden_by_sandbox` | a sandbox refuses the system call, and no other path can answer |
/// | ENOMEM       |                        | the kernel is out of memory |
/// | EAGAIN       |                        | signals, or a filter that answers EINTR, interrupted a system call that does not wait a hundred times in a row |
/// | EIO          |                        | a system call failed with an errno that the kernel never gives for it |
///
/// A query that has several paths tells in `*answered`, if it is given, which one answered. The
/// paths through /proc need up to five file descriptors for the time of the call, before Linux 5.8
/// up to six, and fail with EMFILE or ENFILE where there are none. They fail with EACCES where /proc
/// hides the process (hidepid=) or, before Linux 5.14, where the caller is not dumpable, as after
/// setuid(2) without execve(2); and with EBADMSG where its text cannot be understood.
///
/// Threads may share a handle as long as none assigns to it or closes it. No operation allocates or
/// locks: they can be called after fork(2) in a threaded program, and from a signal handler.
/// `get_cgroupid` and `get_info` take up to 20 KiB of stack.
class pidfd_operations {
public:
    /// The file descriptor, which stays the handle's; -1 if the handle is empty.
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }

    /// Whether the handle holds a file descriptor at all.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// The pid, in the caller's pid namespace; for a pidfd of a thread, the thread's id.
    /// Paths: `ioctl` (Linux 6.13), `fdinfo`. See ioctl_pidfd(2), proc_pid_fdinfo(5).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | it has no pid in the caller's pid namespace |
    [[nodiscard]] expected<pid_t> get_pid(answer_path* answered = nullptr) const noexcept {
        pid_t pid{};
        return detail::result(abi::get_pid(fd_, pid, answered), pid);
    }

    /// The pid of the parent, in the caller's pid namespace. It may have ended since; only a pidfd
    /// names a process for good. Paths: `ioctl` (Linux 6.13), `procfs`.
    /// See ioctl_pidfd(2), proc_pid_status(5).
    ///
    /// \errors
    /// | errno         | `pidfd_errc`        | when |
    /// | ------------- | ------------------- | ---- |
    /// | EADDRNOTAVAIL | `no_visible_parent` | the parent is outside of the caller's pid namespace, or there is none |
    /// | ESRCH         | `not_found`         | the process was reaped |
    /// | EREMOTE       | `foreign_namespace` | it has no pid in the caller's pid namespace |
    [[nodiscard]] expected<pid_t> get_ppid(answer_path* answered = nullptr) const noexcept {
        pid_t ppid{};
        return detail::result(abi::get_ppid(fd_, ppid, answered), ppid);
    }

    /// A number that no other process has or will have until the next boot: the pidfd's inode
    /// number on pidfs. Works for reaped processes and in any namespace. All pidfds of a process
    /// have the same one; a thread's differs from its process's. A pidfd reopened with O_PATH, which
    /// no other operation takes, has it too. Path: `inode` (Linux 6.9).
    /// See pidfd_open(2), statx(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.9, where all pidfds share one inode; in a 32-bit process on a 32-bit kernel, before 6.14 |
    [[nodiscard]] expected<std::uint64_t> get_id(answer_path* answered = nullptr) const noexcept {
        std::uint64_t id{};
        return detail::result(abi::get_id(fd_, id, answered), id);
    }

    /// The user and group ids, translated into the caller's user namespace.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. See credentials(7), ioctl_pidfd(2), proc_pid_status(5).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | it has no pid in the caller's pid namespace |
    [[nodiscard]] expected<credentials> get_creds(answer_path* answered = nullptr) const noexcept {
        credentials creds{};
        return detail::result(abi::get_creds(fd_, creds, sizeof creds, answered), creds);
    }

    /// The id of the process's cgroup in the cgroup2 hierarchy: the inode number of its directory.
    /// Paths: `ioctl` (Linux 6.13), `procfs`; the latter needs a cgroup2 mount that shows the
    /// cgroup. Before Linux 5.5 the number of a cgroup that was removed is used again. See
    /// cgroups(7), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | also where the kernel has no cgroup2, or no mount shows the cgroup |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | it has no pid in the caller's pid namespace |
    [[nodiscard]] expected<std::uint64_t>
    get_cgroupid(answer_path* answered = nullptr) const noexcept {
        std::uint64_t id{};
        return detail::result(abi::get_cgroupid(fd_, id, answered), id);
    }

    /// All of the above but the id, in one call; from the `ioctl`, in one system call.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. See ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | it has no pid in the caller's pid namespace |
    [[nodiscard]] expected<process_info> get_info(answer_path* answered = nullptr) const noexcept;

    /// A file descriptor of one of the process's namespaces, with close-on-exec set.
    /// Paths: `ioctl` (Linux 6.11), `procfs`. See namespaces(7), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | also where the kernel was built without this type, or something is mounted over the entries of /proc that lead there |
    /// | EACCES     |                     | no right to inspect the process: PTRACE_MODE_READ_FSCREDS of ptrace(2) |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not: all its threads have left their namespaces |
    /// | EREMOTE    | `foreign_namespace` | `procfs` only: it has no pid in the caller's pid namespace |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd>
    get_namespace(namespace_type type, answer_path* answered = nullptr) const noexcept {
        int ns = -1;
        return detail::owned<unique_fd>(abi::get_namespace(fd_, type, ns, answered), ns);
    }

    /// Opens the process's directory /proc/PID. What is opened relative to it belongs to this
    /// process or fails, even once the pid names another process; unless somebody mounted
    /// something over an entry of the directory, which openat2(2) with RESOLVE_NO_XDEV refuses to
    /// cross. Nothing is mounted over the directory itself. It is opened with O_PATH and
    /// close-on-exec. Works where /proc belongs to another pid namespace than the caller, as long
    /// as both processes are visible there. See proc(5), openat2(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | no /proc, or one in which the caller does not find itself, or something is mounted over the process's directory |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | it is not visible in this /proc |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd> open_proc() const noexcept {
        int dir = -1;
        return detail::owned<unique_fd>(abi::open_proc(fd_, dir), dir);
    }

    /// Calls `f(dir)` with a directory file descriptor as from `open_proc`, which stays open for
    /// the time of the call, and gives back what `f` returned if the process was not reaped
    /// meanwhile. An `f` that itself returns an `expected` has its errors passed on; one that
    /// returns nothing gives `expected<void>`.
    ///
    /// \errors those of `open_proc`, with ESRCH also if the process was reaped while `f` ran; and
    /// those that `f` returned.
    template <class F>
    [[nodiscard]] auto access_proc(F&& f) const -> detail::proc_result<F> {
        auto dir = open_proc();
        if (!dir)
            return unexpected(dir.error());
        return detail::call_with_dir(std::forward<F>(f), dir->get(),
                                     [this]() noexcept { return abi::check_not_reaped(fd_); });
    }

    /// Sends a signal to the process; signal 0 only checks. For a pidfd of a thread, to the thread.
    /// A process that has ended and is not reaped yet takes any signal without effect. The kernel
    /// (Linux 5.1) also accepts a file descriptor of a /proc/PID directory here.
    /// See pidfd_send_signal(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | EINVAL  |                     | there is no such signal |
    /// | EPERM, EACCES |               | no right to signal the process; EACCES: a security module refuses it |
    /// | EAGAIN  |                     | a real-time signal to a thread, whose limit RLIMIT_SIGPENDING is reached |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | it is not in the caller's pid namespace or below |
    [[nodiscard]] expected<void> send_signal(int signal) const noexcept {
        return detail::result(abi::send_signal(fd_, signal));
    }

    /// The same to the thread, the process or the process group, whatever the pidfd was opened
    /// for. Linux 6.9.
    ///
    /// \errors as above, and
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EINVAL     |               | there is no such signal or scope; `process_group`, and the process leads no group |
    /// | ESRCH      | `not_found`   | the process was reaped; with `process_group` only if no process is left in the group that it led, which is signalled otherwise |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.9 |
    /// | EMFILE, ENFILE |           | before Linux 6.9: no file descriptor left to find that out with |
    [[nodiscard]] expected<void> send_signal(int signal, signal_scope scope) const noexcept {
        return detail::result(abi::send_signal_to(fd_, signal, scope));
    }

    /// Sends a signal with a value, which a handler finds in `si_value`, under the code SI_QUEUE.
    /// Linux 5.1. See sigqueue(3), pidfd_send_signal(2).
    ///
    /// \errors as for `send_signal`, and
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EAGAIN | a real-time signal, and the target's limit RLIMIT_SIGPENDING is reached |
    [[nodiscard]] expected<void> queue_signal(int signal, sigval value) const noexcept {
        return detail::result(abi::queue_signal(fd_, signal, value));
    }

    /// Sends SIGKILL. Linux 5.1. See pidfd_send_signal(2), signal(7).
    ///
    /// \errors as for `send_signal`.
    [[nodiscard]] expected<void> kill() const noexcept { return send_signal(SIGKILL); }

    /// Moves the calling thread into the named namespaces of the process: all of them, or none.
    /// For `pid` and `time`, only children of the caller move. Linux 5.8; before, one namespace
    /// at a time through /proc, and several at once are unsupported, as that could stop half way.
    /// See setns(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EINVAL     |                     | no or unknown flags; the caller's own user namespace; a pid namespace that is not the caller's or below; `user` in a threaded process, or `mnt` with a shared file system state |
    /// | EOPNOTSUPP | `unsupported`       | also for a type that the kernel was built without; several flags before Linux 5.8 |
    /// | EPERM, EACCES |                  | no right to inspect the process or to enter its namespaces |
    /// | EUSERS     |                     | `time` in a threaded process |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not |
    [[nodiscard]] expected<void> set_namespace(namespace_flags flags) const noexcept {
        return detail::result(abi::set_namespace(fd_, flags));
    }

    /// A duplicate of the file descriptor `target` of the process, with close-on-exec set.
    /// Linux 5.6. See pidfd_getfd(2).
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EBADF  |               | the process has no such file descriptor; or the handle is closed |
    /// | EPERM, EACCES |        | no right: PTRACE_MODE_ATTACH_REALCREDS of ptrace(2), which is looked at before ESRCH; EACCES: a security module refuses it |
    /// | ESRCH  | `not_found`   | the process has ended, reaped or not |
    /// | EMFILE, ENFILE |       | no file descriptor left |
    [[nodiscard]] expected<unique_fd> get_remote_fd(int target) const noexcept {
        int copy = -1;
        return detail::owned<unique_fd>(abi::get_remote_fd(fd_, target, copy), copy);
    }

    /// Whether the process has not ended yet. One that has ended and waits to be reaped is not
    /// alive; a process whose first thread has exited is, until the last one has. Says `true` and
    /// `false` about processes in foreign namespaces too. Linux 5.3. See pidfd_open(2), poll(2).
    ///
    /// Compare the value: an `expected<bool>` that holds `false` is itself true in an `if`.
    /// `is_alive() == true` is false also on an error, and `is_alive() == false` is true only if the
    /// process has ended.
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EMFILE | RLIMIT_NOFILE is 0, with which no file descriptor can be polled |
    [[nodiscard]] expected<bool> is_alive() const noexcept {
        bool alive{};
        return detail::result(abi::is_alive(fd_, alive), alive);
    }

    /// Waits until the process has ended, and leaves it to be reaped. It need not be a child.
    /// Linux 5.3. See pidfd_open(2), poll(2).
    ///
    /// \errors as for `is_alive`
    [[nodiscard]] expected<void> wait_exit() const noexcept { return wait_exit_before(abi::never); }

    /// Waits at most `time`, of any unit and length.
    ///
    /// \errors as for `wait_exit`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the process has not ended in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<void>
    wait_exit_for(std::chrono::duration<Rep, Period> time) const noexcept {
        return wait_exit_before(detail::to_deadline(time));
    }
    /// Waits until the point of time `when` at most.
    ///
    /// \errors as for `wait_exit_for`
    template <class Duration>
    [[nodiscard]] expected<void> wait_exit_until(
        std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return wait_exit_before(detail::to_deadline(when));
    }

    /// How the process ended, whosever child it is; nothing is reaped. Empty while it is not
    /// known: a child's is once it has ended, anybody else's once it was reaped. The kernel keeps
    /// the status for pidfds that were open at that time. A process that reaps itself (`autoreap`, or
    /// SIGCHLD is ignored) is reported as ended a moment before it is reaped: right after `wait_exit`
    /// its status can still be missing. Linux 5.4 for children that have ended,
    /// 6.15 for all that were reaped. See waitid(2), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | not the caller's to wait for, and the kernel keeps nothing: before Linux 6.15 |
    /// | EREMOTE    | `foreign_namespace` | it was reaped, and was not in the caller's pid namespace or below |
    [[nodiscard]] expected<std::optional<exit_status>> get_exit_status() const noexcept;

    /// What the kernel tells of the process's core dump; empty for one that was reaped and dumped
    /// none. Linux 6.16. See ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.16 |
    /// | EREMOTE    | `foreign_namespace` | the process is not in the caller's pid namespace or below |
    /// | ESRCH      | `not_found`   | the same, and it was reaped |
    [[nodiscard]] expected<std::optional<coredump_info>> get_coredump() const noexcept;

    /// Another file descriptor for the same process, with close-on-exec set. Both share one open
    /// file description, and with it the non-blocking mode. See fcntl(2), F_DUPFD_CLOEXEC.
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EMFILE | no file descriptor left |
    [[nodiscard]] expected<pidfd> duplicate() const noexcept;

protected:
    constexpr explicit pidfd_operations(int fd) noexcept : fd_(fd) {}
    pidfd_operations(const pidfd_operations&) noexcept = default;
    pidfd_operations& operator=(const pidfd_operations&) noexcept = default;
    ~pidfd_operations() = default;

    int fd_;

private:
    expected<void> wait_exit_before(std::int64_t deadline) const noexcept {
        bool ended{};
        const int error = abi::wait_exit(fd_, deadline, ended);
        return detail::result(detail::in_time(error, ended));
    }
};

inline expected<process_info> pidfd_operations::get_info(answer_path* answered) const noexcept {
    abi::info_record r{};
    if (const int error = abi::get_info(fd_, r, sizeof r, answered); error != 0)
        return detail::failure(error);
    process_info info{r.pid, r.tgid, {}, {}, {}};
    if ((r.filled & abi::info_record::has_ppid) != 0)
        info.ppid = r.ppid;
    if ((r.filled & abi::info_record::has_creds) != 0)
        info.creds = r.creds;
    if ((r.filled & abi::info_record::has_cgroupid) != 0)
        info.cgroupid = r.cgroupid;
    return info;
}

inline expected<std::optional<exit_status>> pidfd_operations::get_exit_status() const noexcept {
    bool ended{};
    int status{};
    return detail::ended_result(abi::get_exit_status(fd_, ended, status), ended, status);
}

inline expected<std::optional<coredump_info>> pidfd_operations::get_coredump() const noexcept {
    bool known{};
    abi::coredump_record r{};
    if (const int error = abi::get_coredump(fd_, known, r, sizeof r); error != 0)
        return detail::failure(error);
    if (!known)
        return std::nullopt;
    coredump_info info{
        (r.flags & 1) != 0, (r.flags & 2) != 0, (r.flags & 4) != 0, (r.flags & 8) != 0, {}, {}};
    if ((r.filled & abi::coredump_record::has_signal) != 0)
        info.signal = r.signal;
    if ((r.filled & abi::coredump_record::has_code) != 0)
        info.code = r.code;
    return info;
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
