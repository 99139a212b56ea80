// SPDX-License-Identifier: MIT
// Which process a pidfd refers to: the ids of a process, and when it started.
#ifndef PIDFD_UTIL_IDENTITY_HPP
#define PIDFD_UTIL_IDENTITY_HPP

#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/process_id.hpp>
#include <pidfd_util/process_stamp.hpp>
#include <pidfd_util/start_time.hpp>

#include <chrono>
#include <cstdint>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Returns the id of the present boot. If something is mounted over the file, the library does not
/// read it, because the file there can contain any text. Containers of systemd-nspawn and LXC have
/// such a mount: the boot id is `unsupported` in them.
/// See random(4), /proc/sys/kernel/random/boot_id.
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | EOPNOTSUPP | `unsupported`          | there is no /proc/sys (no /proc, or subset=pid), or something is mounted over the file |
/// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses to open /proc |
/// | EACCES     |                        | the caller has no right to search /proc/sys or to read the file |
/// | EMFILE, ENFILE |                    | no file descriptor left; two are needed, and three before Linux 5.6 |
/// | EBADMSG    |                        | the file does not hold a boot id |
/// | ENOMEM     |                        | the kernel is out of memory |
/// | EIO        |                        | a system call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<boot_id> get_boot_id() noexcept {
    boot_id boot{};
    const int error = abi::get_boot_id(boot);
    return detail::result(error, boot);
}

/// The operations that show which process a pidfd refers to. The errors of every operation, which
/// `pidfd_operations` lists, are not repeated in the tables below.
class pidfd_identity {
public:
    /// Returns the file descriptor, or -1 if the handle is empty. The handle keeps the file
    /// descriptor.
    [[nodiscard]] constexpr int fd() const noexcept { return fd_; }

    /// Returns whether the handle holds a file descriptor. Does not check that it is open.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Returns the inode number that the process's pidfds have on pidfs. It identifies the process:
    /// until the next boot, no other process has the same number. All pidfds of a process have the
    /// same number, and so have those of its first thread. Each other thread has a number of its
    /// own. Works for reaped processes and in any namespace. Also works for a pidfd that was reopened
    /// with O_PATH, as do `get_process_id`, `same_process` and `announce`; other operations refuse
    /// such a file descriptor with EBADFD. Path: `inode` (Linux 6.9). See pidfd_open(2), stat(2).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`  | when |
    /// | ---------- | ------------- | ---- |
    /// | EOPNOTSUPP | `unsupported` | before Linux 6.9, where all pidfds share one inode; on a 32-bit kernel, before Linux 6.14 |
    [[nodiscard]] expected<std::uint64_t> get_id(answer_path* answered = nullptr) const noexcept {
        return detail::ask(abi::get_id, fd_, answered);
    }

    /// Returns the inode number together with the id of the present boot. No other process ever has
    /// the same name, so that a program can store it and use it after its own restart. Works for
    /// reaped processes and in any namespace. The name is not a secret, because the numbers are
    /// sequential.
    /// Linux 6.9. See pidfd_open(2), random(4).
    ///
    /// \errors as for `get_id` and `get_boot_id`
    [[nodiscard]] expected<process_id> get_process_id() const noexcept {
        return detail::ask(abi::get_process_id, fd_);
    }

    /// Returns the stamp of the process: a weaker name, for kernels without `get_process_id`. The
    /// process may have ended, as long as it was not reaped. The stamp of a pidfd of a thread has the
    /// thread's id and start.
    /// See proc_pid_stat(5), time_namespaces(7).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | the caller is outside of the first time namespace, and: the kernel is older than Linux 5.11; the process started before the beginning of the caller's time namespace; that namespace is shifted by a part of a clock tick; or the first thread of the caller has ended or called unshare(CLONE_NEWTIME). Also as for `get_boot_id` |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process has no pid in the caller's pid namespace |
    [[nodiscard]] expected<process_stamp> get_stamp() const noexcept {
        return detail::ask(abi::get_stamp, fd_);
    }

    /// Returns when the process started, on two clocks. The process may have ended, as long as it
    /// was not reaped.
    /// See proc_pid_stat(5), clock_gettime(2), time_namespaces(7).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EOPNOTSUPP | `unsupported`       | the caller is outside of the first time namespace, and the kernel is older than Linux 5.11, or the process started before the beginning of the caller's time namespace; also as for every operation |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<start_time> get_start_time() const noexcept {
        std::int64_t since_boot{};
        std::int64_t wall{};
        if (const int error = abi::get_start_time(fd_, since_boot, wall); error != 0)
            return detail::failure(error);
        using clock = std::chrono::system_clock;
        const std::chrono::nanoseconds since_epoch(wall);
        return start_time{
            std::chrono::nanoseconds(since_boot),
            clock::time_point(std::chrono::duration_cast<clock::duration>(since_epoch))};
    }

    /// Returns whether the pidfd refers to a single thread (PIDFD_THREAD). Such a pidfd becomes
    /// readable when the thread ends, `send_signal` sends to the thread, and `get_pid` returns the
    /// thread's id. Every other pidfd refers to a whole process.
    /// See pidfd_open(2), fcntl(2).
    ///
    /// \errors as for every operation
    [[nodiscard]] expected<bool> is_thread() const noexcept {
        return detail::ask(abi::is_thread, fd_);
    }

protected:
    constexpr explicit pidfd_identity(int fd) noexcept : fd_(fd) {}
    pidfd_identity(const pidfd_identity&) noexcept = default;
    pidfd_identity& operator=(const pidfd_identity&) noexcept = default;
    ~pidfd_identity() = default;

    int fd_;
};

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
