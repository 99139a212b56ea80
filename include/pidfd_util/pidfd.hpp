// SPDX-License-Identifier: MIT
// The two handles: `pidfd` owns a pidfd, `pidfd_view` borrows one.
#ifndef PIDFD_UTIL_PIDFD_HPP
#define PIDFD_UTIL_PIDFD_HPP

#include <pidfd_util/waits.hpp>

#include <type_traits>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

class pidfd_view;

/// The owner of a pidfd, which it closes exactly once. It is move-only and has the size of an int.
/// Every pidfd that the library opens has close-on-exec set.
class [[nodiscard]] pidfd : public pidfd_waits {
public:
    /// Makes an empty handle: every operation on it fails with EBADF.
    constexpr pidfd() noexcept : pidfd_waits(-1) {}

    /// Opens a pidfd of the calling process.
    /// Linux 5.3. See pidfd_open(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`           | when |
    /// | ------- | ---------------------- | ---- |
    /// | ENOSYS  | `unsupported`          | this kernel or sandbox has no pidfd_open(2) |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses pidfd_open(2) |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    /// | ENOMEM  |                        | the kernel is out of memory |
    [[nodiscard]] static expected<pidfd> from_self() noexcept {
        int fd = -1;
        const int error = abi::open_self(fd);
        return detail::owned<pidfd>(error, fd);
    }

    /// Opens a pidfd of the process that has this pid now. The caller must be sure that the pid
    /// belongs to the right process at the time of the call, as with a child that was not reaped
    /// yet. The caller needs no rights over the process. The process may have ended, as long as it
    /// was not reaped.
    /// Linux 5.3. See pidfd_open(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`           | when |
    /// | ------- | ---------------------- | ---- |
    /// | EINVAL  |                        | the pid is 0 or negative |
    /// | ESRCH   | `not_found`            | there is no such process |
    /// | ENOENT  |                        | the number is the id of a thread other than the first one of its process |
    /// | ENOSYS  | `unsupported`          | this kernel or sandbox has no pidfd_open(2) |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses pidfd_open(2) |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    /// | ENOMEM  |                        | the kernel is out of memory |
    [[nodiscard]] static expected<pidfd> from_pid(pid_t pid) noexcept {
        return detail::open<pidfd>(abi::open_pid, pid);
    }

    /// Opens a pidfd of one thread (PIDFD_THREAD) that has this id now, as gettid(2) returns it;
    /// see `is_thread`. The id of a process is also that of its first thread. The caller must be
    /// sure that the id belongs to the right thread at the time of the call, as with its own
    /// threads.
    /// Linux 6.9. See pidfd_open(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`           | when |
    /// | ---------- | ---------------------- | ---- |
    /// | EINVAL     |                        | the id is 0 or negative |
    /// | ESRCH      | `not_found`            | there is no such thread |
    /// | ENOSYS, EOPNOTSUPP | `unsupported`  | before Linux 6.9 |
    /// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses pidfd_open(2) |
    /// | EMFILE, ENFILE |                    | no file descriptor left |
    /// | ENOMEM     |                        | the kernel is out of memory |
    [[nodiscard]] static expected<pidfd> from_tid(pid_t tid) noexcept {
        return detail::open<pidfd>(abi::open_tid, tid);
    }

    /// Opens a pidfd of the calling process's parent. If the parent ends during the call, the
    /// result is the process that becomes the parent instead (a subreaper or the init process), and
    /// never another process that got the parent's pid.
    /// Linux 5.3. See getppid(2), pidfd_open(2).
    ///
    /// \errors
    /// | errno         | `pidfd_errc`           | when |
    /// | ------------- | ---------------------- | ---- |
    /// | EADDRNOTAVAIL | `no_visible_parent`    | the parent is outside of the caller's pid namespace, or there is no parent |
    /// | ENOSYS, EOPNOTSUPP | `unsupported`     | this kernel or sandbox has no pidfd_open(2), or a filter hides the parent |
    /// | ERFKILL       | `forbidden_by_sandbox` | a sandbox refuses getppid(2) or pidfd_open(2) |
    /// | EMFILE, ENFILE |                       | no file descriptor left |
    /// | ENOMEM        |                        | the kernel is out of memory |
    /// | EAGAIN        |                        | the parent changed a hundred times during the call |
    [[nodiscard]] static expected<pidfd> from_parent() noexcept {
        int fd = -1;
        const int error = abi::open_parent(fd);
        return detail::owned<pidfd>(error, fd);
    }

    /// Opens the process or the thread with this id again, and never another one. The id of the
    /// first thread of a process is that of the process: the result refers to the process. The
    /// caller needs no rights over the process, which must be in the caller's pid namespace or
    /// below it. `hint` is its pid in the caller's pid namespace, or 0 if it is not known. The hint
    /// is used only if the kernel cannot open an id (before Linux 6.14, or in a sandbox that refuses
    /// open_by_handle_at(2)). The library then opens this pid, and compares the id.
    /// Linux 6.14; with a hint, Linux 6.9. See open_by_handle_at(2), pidfd_open(2).
    ///
    /// \errors as for `from_inode` and `get_boot_id`, and
    /// | errno  | `pidfd_errc`           | when |
    /// | ------ | ---------------------- | ---- |
    /// | ESTALE | `foreign_boot`         | the id is from another boot or machine |
    [[nodiscard]] static expected<pidfd> from_id(const process_id& id, pid_t hint = 0) noexcept {
        int fd = -1;
        const int error = abi::open_process_id(id, hint, fd);
        return detail::owned<pidfd>(error, fd);
    }

    /// Opens the process or the thread with this inode number again, as `from_id` does. The caller
    /// must be sure that the number is from the present boot, because the kernel starts to count
    /// again at each boot.
    /// Linux 6.14; with a hint, Linux 6.9. See open_by_handle_at(2), pidfd_open(2).
    ///
    /// \errors
    /// | errno  | `pidfd_errc`           | when |
    /// | ------ | ---------------------- | ---- |
    /// | EINVAL |                        | the inode number is 0, or `hint` is negative |
    /// | ESRCH  | `not_found`            | the process was reaped, or it is not in the caller's pid namespace or below it; or the hint was used, and the process with this pid is another one |
    /// | EOPNOTSUPP | `unsupported`      | before Linux 6.9; before Linux 6.14 without a hint |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses open_by_handle_at(2) or pidfd_open(2) |
    /// | EMFILE, ENFILE |                | no file descriptor left; two are needed |
    /// | ENOMEM |                        | the kernel is out of memory |
    /// | EIO    |                        | a system call failed with an errno that the kernel never returns for it |
    [[nodiscard]] static expected<pidfd> from_inode(std::uint64_t inode, pid_t hint = 0) noexcept {
        int fd = -1;
        const int error = abi::open_inode(inode, hint, fd);
        return detail::owned<pidfd>(error, fd);
    }

    /// Opens the process with this stamp, if it was not reaped. First opens the process that has the
    /// pid now, then compares its stamp, and checks that it was not reaped meanwhile. `process_stamp`
    /// says in which cases two processes have one stamp.
    /// Linux 5.3. See pidfd_open(2), proc_pid_stat(5).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`           | when |
    /// | ------- | ---------------------- | ---- |
    /// | EINVAL  |                        | the pid is 0 or negative |
    /// | ESTALE  | `foreign_boot`         | the stamp is from another boot or machine |
    /// | ESRCH   | `not_found`            | no process has the pid, or it started at another time |
    /// | EREMOTE | `foreign_namespace`    | the stamp is from another pid namespace |
    /// | ENOSYS, EOPNOTSUPP | `unsupported` | before Linux 6.9: the pid is now the id of a thread; or as for `get_stamp` |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses pidfd_open(2), or to open /proc |
    /// | EACCES, EBADMSG, EMFILE, ENFILE, ENOMEM, EAGAIN, EIO | | as for `get_stamp` |
    [[nodiscard]] static expected<pidfd> from_stamp(const process_stamp& stamp) noexcept {
        int fd = -1;
        const int error = abi::open_stamp(stamp, fd);
        return detail::owned<pidfd>(error, fd);
    }

    /// Opens the process that has this pid now, calls `holds(process)` with a `pidfd_view`, and
    /// returns the handle if the result is `true`. `holds` must find out, when the process is already
    /// open, whether the pid still belongs to the process that was meant: for example, whether the
    /// lock on a pid file is still held, or whether the seccomp notification is still valid. (A check
    /// of the executable shows only which program the process runs.) `holds` returns a `bool` or an
    /// `expected<bool>`.
    ///
    /// \errors as for `from_pid`; ESRCH also if the result was `false`; and those that `holds`
    /// returned.
    template <class Predicate>
    [[nodiscard]] static expected<pidfd> open_verified(pid_t pid, Predicate&& holds) {
        return verified(from_pid(pid), std::forward<Predicate>(holds));
    }

    /// Opens the thread that has this id now, as `from_tid` does, calls `holds(thread)` as
    /// `open_verified` does, and returns the handle if the result is `true`. The ids in seccomp
    /// notifications and of ptrace(2) are those of threads.
    ///
    /// \errors as for `from_tid`; ESRCH also if the result was `false`; and those that `holds`
    /// returned.
    template <class Predicate>
    [[nodiscard]] static expected<pidfd> open_verified_thread(pid_t tid, Predicate&& holds) {
        return verified(from_tid(tid), std::forward<Predicate>(holds));
    }

    /// Takes over a file descriptor that came from elsewhere, if it is a pidfd, and sets its
    /// close-on-exec flag. On failure, `fd` keeps the file descriptor.
    ///
    /// Opening `/proc/self/fd/N` of a pidfd of a thread makes a file descriptor without
    /// PIDFD_THREAD (Linux 6.9). Such a file descriptor is refused: `is_thread` would say that it
    /// refers to a process, but it becomes readable when the thread ends. It is accepted only if
    /// nothing shows that it was a thread's: because the thread has ended, because the thread is
    /// not in the caller's pid namespace or below it, or, before Linux 6.13, because /proc is
    /// missing.
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EBADF  |               | `fd` is empty or closed |
    /// | EBADFD | `not_a_pidfd` | `fd` is open, but is not a pidfd; or it is a reopened pidfd of a thread |
    /// | EOPNOTSUPP | `unsupported` | there is no way to check this: no waitid(P_PIDFD), no pidfs and no /proc |
    [[nodiscard]] static expected<pidfd> adopt(unique_fd&& fd) noexcept {
        if (const int error = abi::adopt(fd.get()); error != 0)
            return detail::failure(error);
        return pidfd(fd.release());
    }

    /// Takes over the other handle's pidfd, and leaves that handle empty.
    pidfd(pidfd&& other) noexcept : pidfd_waits(other.release()) {}
    /// Closes the pidfd of this handle, takes over the other handle's pidfd, and leaves that handle
    /// empty.
    pidfd& operator=(pidfd&& other) noexcept {
        const unique_fd old(std::exchange(fd_, other.release()));
        return *this;
    }
    pidfd(const pidfd&) = delete;
    pidfd& operator=(const pidfd&) = delete;
    ~pidfd() { reset(); }

    /// Returns the file descriptor, which the caller must close, and leaves the handle empty.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes the pidfd, and leaves the handle empty.
    void reset() noexcept { const unique_fd old(std::exchange(fd_, -1)); }

private:
    friend child;
    template <class Owner>
    friend expected<Owner> detail::owned(int, int) noexcept;

    constexpr explicit pidfd(int fd) noexcept : pidfd_waits(fd) {}

    template <class Predicate>
    static expected<pidfd> verified(expected<pidfd> opened, Predicate&& holds);
};

/// A reference to a pidfd that another object or the caller closes. It can be copied freely and has
/// the size of an int. A `pidfd` converts to a view implicitly.
class pidfd_view : public pidfd_waits {
public:
    /// Makes an empty view: every operation on it fails with EBADF.
    constexpr pidfd_view() noexcept : pidfd_waits(-1) {}

    /// Makes a view of any file descriptor, without a check. If it is not a pidfd, operations on it
    /// fail.
    constexpr explicit pidfd_view(int fd) noexcept : pidfd_waits(fd) {}

    /// Makes a view of a pidfd, which must stay open as long as the view is used.
    constexpr pidfd_view(const pidfd& owner) noexcept : pidfd_waits(owner.fd()) {}
    /// Deleted: a temporary closes its pidfd before the view can be used.
    pidfd_view(const pidfd&&) = delete;

    /// Makes a view of a child's pidfd. The child must not be moved or destroyed as long as the
    /// view is used. The conversion is explicit, because a wait through the view reaps the process,
    /// and the `child` does not get the status.
    explicit pidfd_view(const child& owner) noexcept; // in child.hpp
    /// Deleted: a temporary closes its pidfd before the view can be used.
    explicit pidfd_view(const child&&) = delete;
};

inline expected<pidfd> pidfd_operations::duplicate() const noexcept {
    return detail::open<pidfd>(abi::duplicate, fd_);
}

template <class Predicate>
expected<pidfd> pidfd::verified(expected<pidfd> opened, Predicate&& holds) {
    using verdict = std::decay_t<decltype(std::forward<Predicate>(holds)(pidfd_view()))>;
    static_assert(std::is_same_v<verdict, bool> || std::is_same_v<verdict, expected<bool>>,
                  "the predicate must return a bool or an expected<bool>");
    if (!opened)
        return opened;
    const expected<bool> held = std::forward<Predicate>(holds)(pidfd_view(*opened));
    if (!held)
        return unexpected(held.error());
    if (!*held)
        return detail::failure(ESRCH);
    return opened;
}

/// Returns whether two pidfds refer to the same process or to the same thread. A pidfd of the first
/// thread of a process is the same as one of the process, because the kernel gives both one id.
/// Compare the value: an `expected<bool>` that holds `false` is itself true in an `if`. Since Linux
/// 6.9 this also works for reaped processes. Before, the library compares the pids that /proc shows,
/// and neither process may have been reaped.
/// See pidfd_open(2), proc_pid_fdinfo(5).
///
/// \errors
/// | errno      | `pidfd_errc`        | when |
/// | ---------- | ------------------- | ---- |
/// | ESRCH      | `not_found`         | before Linux 6.9: one of the processes was reaped |
/// | EREMOTE    | `foreign_namespace` | before Linux 6.9: one of the processes is not visible in this /proc |
[[nodiscard]] inline expected<bool> same_process(const pidfd_identity& a,
                                                 const pidfd_identity& b) noexcept {
    bool same{};
    const int error = abi::same_process(a.fd(), b.fd(), same);
    return detail::result(error, same);
}

static_assert(sizeof(pidfd) == sizeof(int) && sizeof(pidfd_view) == sizeof(int));

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
