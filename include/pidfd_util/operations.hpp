// SPDX-License-Identifier: MIT
// The operations on a pidfd, which `pidfd`, `pidfd_view` and `child` share.
#ifndef PIDFD_UTIL_OPERATIONS_HPP
#define PIDFD_UTIL_OPERATIONS_HPP

#include <pidfd_util/detail/deadline.hpp>
#include <pidfd_util/detail/proc_access.hpp>
#include <pidfd_util/detail/records.hpp>
#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/facts.hpp>
#include <pidfd_util/namespaces.hpp>
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

/// The operations on a pidfd. All of them are `const`: they can change the process, but not the
/// handle. An operation queries, signals or enters the process that the pidfd refers to, or it
/// fails. It never touches another process that has the same pid now, or the same number in another
/// pid namespace.
///
/// Every operation can also fail with these errors, which the tables below do not repeat:
///
/// | errno        | `pidfd_errc`           | when |
/// | ------------ | ---------------------- | ---- |
/// | EBADF        |                        | the handle is empty or closed |
/// | EBADFD       | `not_a_pidfd`          | the file descriptor is open, but is not a pidfd |
/// | ENOSYS, EOPNOTSUPP | `unsupported`    | no path on this kernel or sandbox can answer |
/// | ERFKILL      | `forbidden_by_sandbox` | a sandbox refuses the system call, and no other path can answer |
/// | ENOMEM       |                        | the kernel is out of memory |
/// | EAGAIN       |                        | a system call that does not wait was interrupted a hundred times in a row, by signals or by a seccomp filter that returns EINTR; one that waits, only by such a filter |
/// | EIO          |                        | a system call failed with an errno that the kernel never returns for it |
///
/// A query that has several paths stores the path that answered in `*answered`, unless `answered`
/// is null. The paths through /proc need up to five file descriptors during the call, and up to six
/// before Linux 5.8. If there are too few, they fail with EMFILE or ENFILE. They fail with EACCES
/// if /proc hides the process (hidepid=) or, before Linux 5.14, if the caller is not dumpable, as
/// after setuid(2) without execve(2). They fail with EBADMSG if they cannot parse the text of
/// /proc.
///
/// Threads may share a handle as long as none of them assigns to it or closes it. No operation
/// allocates memory or takes a lock, so that all of them can be called after fork(2) in a threaded
/// program, and from a signal handler. `get_cgroupid` and `get_info` use up to 20 KiB of stack.
class pidfd_operations : public pidfd_facts {
public:
    /// Returns the pid in the caller's pid namespace; for a pidfd of a thread, the thread id.
    /// Paths: `ioctl` (Linux 6.13), `fdinfo`. See ioctl_pidfd(2), proc_pid_fdinfo(5).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<pid_t> get_pid(answer_path* answered = nullptr) const noexcept {
        return detail::ask(abi::get_pid, fd_, answered);
    }

    /// Returns the pid of the parent in the caller's pid namespace. The parent may have ended
    /// since, and its pid may have been reused: only a pidfd always refers to the same process.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. See ioctl_pidfd(2), proc_pid_status(5).
    ///
    /// \errors
    /// | errno         | `pidfd_errc`        | when |
    /// | ------------- | ------------------- | ---- |
    /// | EADDRNOTAVAIL | `no_visible_parent` | the parent is outside of the caller's pid namespace, or there is no parent |
    /// | ESRCH         | `not_found`         | the process was reaped |
    /// | EREMOTE       | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<pid_t> get_ppid(answer_path* answered = nullptr) const noexcept {
        return detail::ask(abi::get_ppid, fd_, answered);
    }

    /// Returns the user and group ids, translated into the caller's user namespace.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. See credentials(7), ioctl_pidfd(2),
    /// proc_pid_status(5).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<credentials> get_creds(answer_path* answered = nullptr) const noexcept {
        return detail::ask(abi::get_creds, fd_, sizeof(credentials), answered);
    }

    /// Returns the id of the process's cgroup in the cgroup2 hierarchy. The id is the inode number
    /// of the cgroup's directory. Before Linux 5.5, the kernel reuses the id of a cgroup that was
    /// removed.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. The path `procfs` needs a cgroup2 mount that shows
    /// the cgroup. See cgroups(7), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | also if the kernel has no cgroup2, or no mount shows the cgroup |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<std::uint64_t>
    get_cgroupid(answer_path* answered = nullptr) const noexcept {
        return detail::ask(abi::get_cgroupid, fd_, answered);
    }

    /// Returns the pid, the thread group id, the parent's pid, the user and group ids, and the
    /// cgroup id in one call. The path `ioctl` makes a single system call.
    /// Paths: `ioctl` (Linux 6.13), `procfs`. See ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<process_info> get_info(answer_path* answered = nullptr) const noexcept {
        const auto record = detail::ask(abi::get_info, fd_, sizeof(abi::info_record), answered);
        if (!record)
            return unexpected(record.error());
        return detail::to_process_info(*record);
    }

    /// Opens one of the process's namespaces. The file descriptor has close-on-exec set.
    /// Paths: `ioctl` (Linux 6.11), `procfs`. See namespaces(7), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | also if the kernel was built without this type; if something is mounted over the entries of /proc that lead to the namespace; and, on the path `procfs` (before Linux 6.11), for `pid_for_children` of a process that has called unshare(CLONE_NEWPID) and has no child yet: the link exists, but leads nowhere |
    /// | EACCES     |                     | the caller has no right to inspect the process: PTRACE_MODE_READ_FSCREDS of ptrace(2) |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not: it has no namespaces any more |
    /// | EREMOTE    | `foreign_namespace` | `procfs` only: the process has no pid in the caller's pid namespace |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd>
    get_namespace(namespace_type type, answer_path* answered = nullptr) const noexcept {
        return detail::open<unique_fd>(abi::get_namespace, fd_, type, answered);
    }

    /// Opens the process's directory /proc/PID, with O_PATH and close-on-exec. A file that is
    /// opened relative to this directory belongs to the process. Once the process has been reaped,
    /// opening a file fails, even if another process has the pid by then. The function checks that
    /// nothing is mounted over the directory, but not over its entries: open them with openat2(2)
    /// and RESOLVE_NO_XDEV, which refuses to cross a mount. /proc may belong to another pid
    /// namespace than the caller's, as long as both the caller and the process are visible there.
    /// See proc(5), openat2(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | there is no /proc, or the caller is not visible in it, or something is mounted over the process's directory |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd> open_proc() const noexcept {
        return detail::open<unique_fd>(abi::open_proc, fd_);
    }

    /// Calls `f(dir)`, and returns what `f` returned if the process was not reaped meanwhile. `dir`
    /// is a directory file descriptor as from `open_proc`, which is closed after the call. If `f`
    /// returns an `expected`, its errors are passed on. If `f` returns nothing, the result is an
    /// `expected<void>`.
    ///
    /// \errors those of `open_proc`; ESRCH also if the process was reaped while `f` ran; and those
    /// that `f` returned.
    template <class F>
    [[nodiscard]] auto access_proc(F&& f) const -> detail::proc_result<F> {
        auto dir = open_proc();
        if (!dir)
            return unexpected(dir.error());
        return detail::call_with_dir(std::forward<F>(f), dir->get(),
                                     [this]() noexcept { return abi::check_not_reaped(fd_); });
    }

    /// Sends a signal to the process; for a pidfd of a thread, to the thread. Signal 0 only checks
    /// whether a signal can be sent. A signal to a process that has ended and is not reaped yet
    /// succeeds, and has no effect. The kernel (Linux 5.1) also accepts a file descriptor of a
    /// /proc/PID directory here.
    /// See pidfd_send_signal(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`        | when |
    /// | ------- | ------------------- | ---- |
    /// | EINVAL  |                     | there is no such signal |
    /// | EPERM, EACCES |               | the caller has no right to signal the process; EACCES: a security module refuses it |
    /// | EAGAIN  |                     | a real-time signal to a thread, and the thread's limit RLIMIT_SIGPENDING is reached |
    /// | ESRCH   | `not_found`         | the process was reaped |
    /// | EREMOTE | `foreign_namespace` | the process is not in the caller's pid namespace or below it |
    [[nodiscard]] expected<void> send_signal(int signal) const noexcept {
        return detail::result(abi::send_signal(fd_, signal));
    }

    /// Sends a signal to the thread, the process or the process group, as `scope` selects, whatever
    /// the pidfd was opened for. Signal 0 only checks whether a signal can be sent.
    /// Linux 6.9. See pidfd_send_signal(2).
    ///
    /// \errors as above, and
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EINVAL     |               | there is no such signal or scope; or `scope` is `process_group`, and the process leads no group |
    /// | ESRCH      | `not_found`   | the process was reaped; for `process_group`, only if the group that it led has no process left, as otherwise the group is signalled |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.9 |
    /// | EMFILE, ENFILE |           | before Linux 6.9, if there is no file descriptor left to find out that the kernel lacks scopes |
    [[nodiscard]] expected<void> send_signal(int signal, signal_scope scope) const noexcept {
        return detail::result(abi::send_signal_to(fd_, signal, scope));
    }

    /// Sends a signal together with a value. A handler finds the value in `si_value`, and the code
    /// SI_QUEUE in `si_code`.
    /// Linux 5.1. See sigqueue(3), pidfd_send_signal(2).
    ///
    /// \errors as for `send_signal`, and
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EAGAIN | a real-time signal, and the target's limit RLIMIT_SIGPENDING is reached |
    [[nodiscard]] expected<void> queue_signal(int signal, sigval value) const noexcept {
        return detail::result(abi::queue_signal(fd_, signal, value));
    }

    /// Sends the signal `info.si_signo` with all of `info`, as sigaction(2) or sigwaitinfo(2) returned
    /// it. So the handler of a fault can restore the default action and send the fault again: a core
    /// dump and a tracer then see its cause and its address. For that, the pidfd must be one of the
    /// calling thread: `from_tid` (Linux 6.9). A pidfd of a process sends the signal to any of its
    /// threads.
    ///
    /// The kernel lets only the calling thread send itself a code that the kernel or kill(2) uses:
    /// `si_code` of 0 or more, or SI_TKILL. Before Linux 6.9, it lets only the first thread of a
    /// process do so.
    /// Linux 5.1. See pidfd_send_signal(2), rt_sigqueueinfo(2).
    ///
    /// \errors as for `queue_signal`, and
    /// | errno | when |
    /// | ----- | ---- |
    /// | EPERM | `si_code` is 0 or more, or SI_TKILL, and the target is not the calling thread |
    [[nodiscard]] expected<void> resend_signal(const siginfo_t& info) const noexcept {
        return detail::result(abi::resend_signal(fd_, info));
    }

    /// Sends SIGKILL.
    /// Linux 5.1. See pidfd_send_signal(2), signal(7).
    ///
    /// \errors as for `send_signal`.
    [[nodiscard]] expected<void> kill() const noexcept { return send_signal(SIGKILL); }

    /// Moves the calling thread into those namespaces of the process that `flags` selects. Enters
    /// all of them, or none. For `pid`, the thread itself stays where it is, and its later children
    /// are born in the namespace. Before Linux 5.8, the function enters a namespace through /proc.
    /// It can then enter only one in a call, because a call for several could fail half way.
    /// Linux 5.8. See setns(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EINVAL     |                     | `flags` is empty, or has unknown flags; the caller is in this user namespace already; the pid namespace is not the caller's own or below it; `user` in a threaded process, or `mnt` in a thread that shares its file system state (CLONE_FS) |
    /// | EOPNOTSUPP | `unsupported`       | also for a type that the kernel was built without; several flags before Linux 5.8 or, if the first thread of the process has exited while others run on, before Linux 6.9 |
    /// | EPERM, EACCES |                  | the caller has no right to inspect the process or to enter its namespaces |
    /// | EUSERS     |                     | `time` in a threaded process |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not |
    [[nodiscard]] expected<void> set_namespace(namespace_flags flags) const noexcept {
        return detail::result(abi::set_namespace(fd_, flags));
    }

    /// Returns a duplicate of the process's file descriptor `target`, with close-on-exec set.
    /// Linux 5.6. See pidfd_getfd(2).
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EBADF  |               | the process has no such file descriptor; or the handle is empty or closed |
    /// | EPERM, EACCES |        | the caller lacks the right PTRACE_MODE_ATTACH_REALCREDS of ptrace(2), which the kernel checks before it returns ESRCH; EACCES: a security module refuses it |
    /// | EOPNOTSUPP | `unsupported` | the first thread of the process has exited while others run on: before Linux 6.9, or without a /proc of the caller's pid namespace |
    /// | ESRCH  | `not_found`   | the process has ended, reaped or not |
    /// | EMFILE, ENFILE |       | no file descriptor left |
    [[nodiscard]] expected<unique_fd> get_remote_fd(int target) const noexcept {
        return detail::open<unique_fd>(abi::get_remote_fd, fd_, target);
    }

    /// Returns `true` until the process has ended. A process that has ended and is not reaped yet
    /// is not alive. A process whose first thread has exited is alive until its last thread has
    /// exited. Works for processes in foreign namespaces too.
    /// Linux 5.3. See pidfd_open(2), poll(2).
    ///
    /// Compare the value: an `expected<bool>` that holds `false` is itself true in an `if`.
    /// `is_alive() == true` is false on an error too. `is_alive() == false` is true only if the
    /// process has ended.
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EMFILE | RLIMIT_NOFILE is 0, so that no file descriptor can be polled |
    [[nodiscard]] expected<bool> is_alive() const noexcept {
        return detail::ask(abi::is_alive, fd_);
    }

    /// Waits until the process has ended, and does not reap it. The process need not be a child.
    /// Linux 5.3. See pidfd_open(2), poll(2).
    ///
    /// \errors as for `is_alive`
    [[nodiscard]] expected<void> wait_exit() const noexcept { return wait_exit_before(abi::never); }

    /// Waits until the process has ended, but at most for `time`, and does not reap it. The process
    /// need not be a child. `time` may have any unit and any length.
    /// Linux 5.3. See pidfd_open(2), poll(2).
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
    /// Waits until the process has ended, but not beyond the time point `when`, and does not reap
    /// it. The process need not be a child.
    /// Linux 5.3. See pidfd_open(2), poll(2).
    ///
    /// \errors as for `wait_exit_for`
    template <class Duration>
    [[nodiscard]] expected<void> wait_exit_until(
        std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return wait_exit_before(detail::to_deadline(when));
    }

    /// Returns how the process ended, and does not reap it. The process need not be a child. The
    /// result is empty while the status is not known: a child's is known once it has ended, any
    /// other process's once it has been reaped. The kernel keeps the status of a reaped process for
    /// the pidfds that were open at that time. A process that reaps itself (`autoreap`, or its
    /// parent ignores SIGCHLD) is reported as ended a moment before it is reaped: right after
    /// `wait_exit`, the result can still be empty.
    /// Linux 5.4 for children that have ended, 6.15 for all processes that were reaped. See
    /// waitid(2), ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | the caller cannot wait for the process, and the kernel does not keep the status: before Linux 6.15 |
    /// | EREMOTE    | `foreign_namespace` | the process was reaped, and was not in the caller's pid namespace or below it |
    [[nodiscard]] expected<std::optional<exit_status>> get_exit_status() const noexcept {
        bool ended{};
        int status{};
        const int error = abi::get_exit_status(fd_, ended, status);
        return detail::ended_result(error, ended, status);
    }

    /// Returns what the kernel reports about the process's core dump. The result is empty if the
    /// process was reaped and has dumped no core.
    /// Linux 6.16. See ioctl_pidfd(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.16 |
    /// | EREMOTE    | `foreign_namespace` | the process is not in the caller's pid namespace or below it |
    /// | ESRCH      | `not_found`   | the process was not in the caller's pid namespace or below it, and was reaped |
    [[nodiscard]] expected<std::optional<coredump_info>> get_coredump() const noexcept {
        bool known{};
        abi::coredump_record record{};
        const int error = abi::get_coredump(fd_, known, record, sizeof record);
        if (error != 0)
            return detail::failure(error);
        return detail::to_coredump_info(known, record);
    }

    /// Returns another pidfd of the same process, with close-on-exec set. Both file descriptors
    /// share one open file description, and with it the non-blocking mode.
    /// See fcntl(2), F_DUPFD_CLOEXEC.
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EMFILE | no file descriptor left |
    [[nodiscard]] expected<pidfd> duplicate() const noexcept;

    /// Clears the close-on-exec flag, so that the next program that the caller executes keeps the
    /// file descriptor. Every child that any thread starts before that keeps it too, except a child
    /// of `spawn` with the option `close_other_fds`. `adopt_announced` sets the flag again.
    /// See fcntl(2), F_SETFD.
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<void> keep_on_exec() const noexcept {
        return detail::result(abi::keep_on_exec(fd_));
    }

protected:
    constexpr explicit pidfd_operations(int fd) noexcept : pidfd_facts(fd) {}
    pidfd_operations(const pidfd_operations&) noexcept = default;
    pidfd_operations& operator=(const pidfd_operations&) noexcept = default;
    ~pidfd_operations() = default;

private:
    expected<void> wait_exit_before(std::int64_t deadline) const noexcept {
        bool ended{};
        const int error = abi::wait_exit(fd_, deadline, ended);
        return detail::result(detail::in_time(error, ended));
    }
};

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
