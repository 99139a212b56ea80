// SPDX-License-Identifier: MIT
// Cgroups: `cgroup` owns the directory of one, `cgroup_view` borrows it.
#ifndef PIDFD_UTIL_CGROUP_HPP
#define PIDFD_UTIL_CGROUP_HPP

#include <pidfd_util/abi_cgroup.hpp>
#include <pidfd_util/child.hpp>
#include <pidfd_util/detail/pidfd_sink.hpp>
#include <pidfd_util/listing.hpp>
#include <pidfd_util/storage.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

class cgroup;

/// The operations on a cgroup of the cgroup2 hierarchy, through a file descriptor of its directory.
/// All of them are `const`: they can change the cgroup, but not the handle. A cgroup that was
/// removed is never mistaken for another one of the same name.
///
/// No operation follows a mount or a symbolic link over an entry of the directory. A process is
/// signalled or opened only if it is proved to be a member.
///
/// Every operation can also fail with these errors, which the tables below do not repeat:
///
/// | errno       | `pidfd_errc`           | when |
/// | ----------- | ---------------------- | ---- |
/// | EBADF       |                        | the handle is empty or closed |
/// | EMEDIUMTYPE | `not_a_cgroup`         | the file descriptor is open, but is not a cgroup2 directory |
/// | ENODEV      |                        | the cgroup was removed |
/// | EACCES, EPERM |                      | the caller has no right to the file of the cgroup |
/// | ENOSYS, EOPNOTSUPP | `unsupported`   | the kernel or the sandbox does not have what is needed; the root of the hierarchy has no such file; or something is mounted over it |
/// | ERFKILL     | `forbidden_by_sandbox` | a sandbox refuses the system call |
/// | EMFILE, ENFILE |                     | no file descriptor left |
/// | ENOMEM      |                        | the kernel is out of memory |
/// | EAGAIN      |                        | a system call that does not wait was interrupted a hundred times in a row; one that waits, only by a seccomp filter |
/// | EBADMSG     |                        | a file of the cgroup has an unknown text |
/// | EIO         |                        | a system call failed with an errno that the kernel never returns for it |
///
/// No operation allocates memory or takes a lock.
class cgroup_operations {
public:
    /// Returns the file descriptor of the directory, or -1 if the handle is empty. The handle keeps
    /// the file descriptor. `spawn_options::cgroup` takes it.
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }
    /// Returns whether the handle holds a file descriptor.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Returns the id, which is the inode number of the directory. `get_cgroupid` of a member
    /// returns the same number, unless the first thread of the member is in a threaded cgroup below.
    /// See cgroups(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<std::uint64_t> get_id() const noexcept {
        return detail::ask(abi::cgroup_get_id, fd_);
    }

    /// Opens the processes in this cgroup, without those in cgroups below it. Each one was a member
    /// during the call: the number that cgroup.procs shows is opened, and then the cgroup of the
    /// process is compared. A process whose first thread is in a threaded cgroup below this one is a
    /// member, too: if cgroup.procs still shows its number, it is the number of the process that was
    /// opened. Before Linux 6.13 the cgroup is read through /proc. The pidfds go into
    /// `processes`, whose elements are closed before; their order has no meaning. If the storage is
    /// too small, the function stores what fits, and `complete` is false. It is also false if there
    /// is a member that the caller's pid namespace does not show. A process that leaves the cgroup
    /// and returns during the call can be stored twice. If the function fails, it leaves the elements
    /// of the storage empty.
    /// Linux 5.3. See cgroups(7), pidfd_open(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`      | when |
    /// | ---------- | ----------------- | ---- |
    /// | EPROTOTYPE | `threaded_cgroup` | the cgroup is threaded |
    /// | EMFILE, ENFILE |               | no file descriptor left; one is needed for each member, and one more, or two if there are threaded cgroups below |
    /// | EOPNOTSUPP, EACCES |           | before Linux 6.13, also as for `pidfd::get_cgroupid` |
    [[nodiscard]] expected<listing> members(storage<pidfd> processes) const noexcept {
        detail::pidfd_sink sink(processes);
        bool complete{};
        const int error =
            abi::cgroup_members(fd_, complete, &sink, detail::pidfd_sink::store, processes.size());
        return detail::listing_of(error, sink, complete);
    }

    /// Kills every process in the cgroup and below it. A process that is born during the call is
    /// killed, too. The function does not wait for the processes to end: call `wait_empty`.
    ///
    /// The kernel spares its own threads, and the first process of the caller's pid namespace. If one
    /// of them is in the cgroup, the cgroup does not become empty.
    ///
    /// Do not use a cgroup that was killed for another job: some versions of Linux 6.1 to 6.18
    /// later kill every child that `spawn` makes in it. Make a new cgroup for each job.
    ///
    /// Before Linux 5.14, which has cgroup.kill, the function freezes the cgroup, sends SIGKILL to
    /// each member until the cgroup is empty, and thaws it. It then opens up to 32 levels of
    /// cgroups, with a file descriptor and about 2 KiB of stack for each.
    /// See cgroups(7).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`      | when |
    /// | ---------- | ----------------- | ---- |
    /// | EPROTOTYPE | `threaded_cgroup` | the cgroup is threaded |
    /// | EDEADLK    |                   | before Linux 5.14: the caller, or a process that traces the calling thread, is in the cgroup or below it |
    /// | EBUSY      |                   | before Linux 5.14: a member has not ended within two seconds; the cgroup stays frozen |
    /// | EREMOTE    | `foreign_namespace` | before Linux 5.14: the caller's pid namespace does not show a member; it runs on, and so may children that it has made meanwhile |
    /// | EPERM      |                   | before Linux 5.14: the caller has no right to signal a member; it runs on, and so may children that it has made meanwhile |
    [[nodiscard]] expected<void> kill() const noexcept {
        return detail::result(abi::cgroup_kill(fd_));
    }

    /// Starts to freeze every process in the cgroup and below it. A frozen process runs no
    /// instruction, but a signal can end it. The function does not wait: call `wait_frozen`. A
    /// caller in the cgroup freezes itself.
    /// Linux 5.2. See cgroups(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<void> freeze() const noexcept {
        return detail::result(abi::cgroup_set_frozen(fd_, true));
    }

    /// Thaws the cgroup. It stays frozen as long as a cgroup above it is frozen.
    /// Linux 5.2. See cgroups(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<void> thaw() const noexcept {
        return detail::result(abi::cgroup_set_frozen(fd_, false));
    }

    /// Returns whether all processes in the cgroup and below it are frozen, also by a cgroup above.
    /// Compare the value: an `expected<bool>` that holds `false` is itself true in an `if`.
    /// Linux 5.2. See cgroups(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<bool> is_frozen() const noexcept {
        return detail::ask(abi::cgroup_is_frozen, fd_);
    }

    /// Returns whether no process in the cgroup or below it runs. Zombies do not run. A cgroup that
    /// was removed is empty. Compare the value: an `expected<bool>` that holds `false` is itself
    /// true in an `if`.
    /// See cgroups(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<bool> is_empty() const noexcept {
        return detail::ask(abi::cgroup_is_empty, fd_);
    }

    /// Waits until the cgroup is empty, as `is_empty` defines it. A process can enter the cgroup
    /// again afterwards.
    /// See cgroups(7), poll(2).
    ///
    /// \errors
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EMFILE | RLIMIT_NOFILE is 0, so that no file descriptor can be polled |
    [[nodiscard]] expected<void> wait_empty() const noexcept { return empty_before(abi::never); }
    /// Waits until the cgroup is empty, but at most for `time`.
    ///
    /// \errors as for `wait_empty`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the cgroup is not empty in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<void>
    wait_empty_for(std::chrono::duration<Rep, Period> time) const noexcept {
        return empty_before(detail::to_deadline(time));
    }
    /// Waits until the cgroup is empty, but not beyond the time point `when`.
    ///
    /// \errors as for `wait_empty_for`
    template <class Duration>
    [[nodiscard]] expected<void> wait_empty_until(
        std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return empty_before(detail::to_deadline(when));
    }

    /// Waits until the cgroup is frozen. A process in an uninterruptible sleep delays that.
    /// Linux 5.2. See cgroups(7), poll(2).
    ///
    /// \errors as for `wait_empty`
    [[nodiscard]] expected<void> wait_frozen() const noexcept { return frozen_before(abi::never); }
    /// Waits until the cgroup is frozen, but at most for `time`.
    ///
    /// \errors as for `wait_empty`, and
    /// | errno     | when |
    /// | --------- | ---- |
    /// | ETIMEDOUT | the cgroup is not frozen in time |
    template <class Rep, class Period>
    [[nodiscard]] expected<void>
    wait_frozen_for(std::chrono::duration<Rep, Period> time) const noexcept {
        return frozen_before(detail::to_deadline(time));
    }
    /// Waits until the cgroup is frozen, but not beyond the time point `when`.
    ///
    /// \errors as for `wait_frozen_for`
    template <class Duration>
    [[nodiscard]] expected<void> wait_frozen_until(
        std::chrono::time_point<std::chrono::steady_clock, Duration> when) const noexcept {
        return frozen_before(detail::to_deadline(when));
    }

    /// Opens cgroup.events, to be watched for POLLPRI by an event loop. Read the file from its start
    /// with pread(2), or call `is_empty`, and only then poll: poll reports a change at once if
    /// this file descriptor was never read, and again until it is read from the start. After each
    /// report, read and test again. When the cgroup is removed, poll reports a change and pread
    /// fails with ENODEV.
    /// See cgroups(7), poll(2), epoll(7).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<unique_fd> open_events() const noexcept {
        return detail::open<unique_fd>(abi::cgroup_open_events, fd_);
    }

    /// Makes a cgroup right below this one, and opens it. `name` has no slash.
    /// See cgroups(7), mkdir(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`      | when |
    /// | ---------- | ----------------- | ---- |
    /// | EEXIST     |                   | there is a cgroup or a file of this name |
    /// | EINVAL     |                   | `name` is null or empty, is "." or "..", or has a slash or a newline |
    /// | ENAMETOOLONG |                 | the name is too long |
    /// | EAGAIN     |                   | the limit cgroup.max.depth or cgroup.max.descendants is reached |
    /// | EPROTOTYPE | `threaded_cgroup` | the cgroup is threaded: there can be no processes in cgroups below it |
    /// | EROFS      |                   | the hierarchy is mounted read-only |
    [[nodiscard]] expected<cgroup> create(const char* name) const noexcept;

    /// Opens a cgroup right below this one. `name` has no slash.
    ///
    /// \errors
    /// | errno      | `pidfd_errc`      | when |
    /// | ---------- | ----------------- | ---- |
    /// | ENOENT     |                   | there is no cgroup of this name |
    /// | EINVAL     |                   | `name` is null or empty, is "." or "..", or has a slash |
    /// | ENAMETOOLONG |                 | the name is too long |
    /// | EPROTOTYPE | `threaded_cgroup` | the cgroup is threaded |
    [[nodiscard]] expected<cgroup> open_below(const char* name) const noexcept;

    /// Removes the cgroup of this name right below this one. Zombies in it do not matter. The
    /// kernel can keep an empty cgroup for a moment after its last process has ended, so the
    /// function tries for up to a tenth of a second. It does not try again once the cgroup that it
    /// found under the name was removed. But rmdir(2) removes by name: if another process removes
    /// the cgroup at the same time, and makes one of the same name, that one may be removed.
    /// See cgroups(7), rmdir(2).
    ///
    /// \errors
    /// | errno      | when |
    /// | ---------- | ---- |
    /// | EBUSY      | a process in the cgroup runs, or there is a cgroup below it |
    /// | ENOENT     | there is no cgroup of this name |
    /// | EINVAL     | `name` is null or empty, is "." or "..", or has a slash |
    /// | ENAMETOOLONG | the name is too long |
    /// | EROFS      | the hierarchy is mounted read-only |
    [[nodiscard]] expected<void> remove(const char* name) const noexcept {
        return detail::result(abi::cgroup_remove(fd_, name));
    }

protected:
    constexpr explicit cgroup_operations(int fd) noexcept : fd_(fd) {}
    cgroup_operations(const cgroup_operations&) noexcept = default;
    cgroup_operations& operator=(const cgroup_operations&) noexcept = default;
    ~cgroup_operations() = default;

    int fd_;

private:
    expected<void> empty_before(std::int64_t deadline) const noexcept {
        bool reached{};
        const int error = abi::cgroup_wait_empty(fd_, deadline, reached);
        return detail::result(detail::in_time(error, reached));
    }
    expected<void> frozen_before(std::int64_t deadline) const noexcept {
        bool reached{};
        const int error = abi::cgroup_wait_frozen(fd_, deadline, reached);
        return detail::result(detail::in_time(error, reached));
    }
};

/// The owner of a cgroup's directory, which it closes exactly once. It is move-only and has the size
/// of an int. Closing it does not remove the cgroup: see `remove`.
class [[nodiscard]] cgroup : public cgroup_operations {
public:
    /// Makes an empty handle: every operation on it fails with EBADF.
    constexpr cgroup() noexcept : cgroup_operations(-1) {}

    /// Opens the cgroup with this directory, such as "/sys/fs/cgroup/user.slice", with O_PATH and
    /// close-on-exec.
    /// See cgroups(7).
    ///
    /// \errors
    /// | errno       | `pidfd_errc`           | when |
    /// | ----------- | ---------------------- | ---- |
    /// | EMEDIUMTYPE | `not_a_cgroup`         | the path leads to something other than a cgroup2 directory |
    /// | EPROTOTYPE  | `threaded_cgroup`      | the cgroup is threaded |
    /// | ENOENT, EACCES, ELOOP, ENAMETOOLONG | | as for openat(2) |
    /// | EINVAL      |                        | `path` is null |
    /// | ENODEV      |                        | the cgroup was removed |
    /// | EMFILE, ENFILE |                     | no file descriptor left; two are needed |
    /// | ENOSYS, EOPNOTSUPP | `unsupported`   | a sandbox refuses what is needed, or something is mounted over cgroup.type |
    /// | ERFKILL     | `forbidden_by_sandbox` | a sandbox refuses openat(2) |
    /// | ENOMEM      |                        | the kernel is out of memory |
    [[nodiscard]] static expected<cgroup> open(const char* path) noexcept {
        int dir = -1;
        const int error = abi::cgroup_open(path, dir);
        return detail::owned<cgroup>(error, dir);
    }

    /// Takes over a file descriptor that came from elsewhere, if it is the directory of a cgroup,
    /// opened for reading or with O_PATH, and sets its close-on-exec flag. On failure, `fd` keeps
    /// the file descriptor.
    ///
    /// \errors as for `open`; EBADF: `fd` is empty or closed
    [[nodiscard]] static expected<cgroup> adopt(unique_fd&& fd) noexcept {
        if (const int error = abi::cgroup_adopt(fd.get()); error != 0)
            return detail::failure(error);
        return cgroup(fd.release());
    }

    /// Takes over the other handle's file descriptor, and leaves that handle empty.
    cgroup(cgroup&& other) noexcept : cgroup_operations(other.release()) {}
    /// Closes the file descriptor of this handle, takes over the other handle's, and leaves that
    /// handle empty.
    cgroup& operator=(cgroup&& other) noexcept {
        const unique_fd old(std::exchange(fd_, other.release()));
        return *this;
    }
    cgroup(const cgroup&) = delete;
    cgroup& operator=(const cgroup&) = delete;
    ~cgroup() { reset(); }

    /// Returns the file descriptor, which the caller must close, and leaves the handle empty.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    /// Closes the file descriptor, and leaves the handle empty.
    void reset() noexcept { const unique_fd old(std::exchange(fd_, -1)); }

private:
    template <class Owner>
    friend expected<Owner> detail::owned(int, int) noexcept;

    constexpr explicit cgroup(int fd) noexcept : cgroup_operations(fd) {}
};

/// A reference to the directory of a cgroup that another object or the caller closes. It can be
/// copied freely and has the size of an int. A `cgroup` converts to a view implicitly.
class cgroup_view : public cgroup_operations {
public:
    /// Makes an empty view: every operation on it fails with EBADF.
    constexpr cgroup_view() noexcept : cgroup_operations(-1) {}
    /// Makes a view of any file descriptor, without a check. If it is not the directory of a cgroup,
    /// operations on it fail.
    constexpr explicit cgroup_view(int fd) noexcept : cgroup_operations(fd) {}
    /// Makes a view of a cgroup, which must stay open as long as the view is used.
    constexpr cgroup_view(const cgroup& owner) noexcept : cgroup_operations(owner.fd()) {}
    /// Deleted: a temporary closes its file descriptor before the view can be used.
    cgroup_view(const cgroup&&) = delete;
};

inline expected<cgroup> cgroup_operations::create(const char* name) const noexcept {
    return detail::open<cgroup>(abi::cgroup_create, fd_, name);
}
inline expected<cgroup> cgroup_operations::open_below(const char* name) const noexcept {
    return detail::open<cgroup>(abi::cgroup_open_below, fd_, name);
}

template <class Steps>
expected<stop_result> child::stop(const cgroup_view& job, const Steps& steps) noexcept {
    const int dir = job.fd();
    return stop_all({false, &dir}, steps, [](std::int64_t) {});
}

inline expected<stop_result> child::stop(const cgroup_view& job) noexcept {
    return stop(job, default_stop);
}

static_assert(sizeof(cgroup) == sizeof(int) && sizeof(cgroup_view) == sizeof(int));

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
