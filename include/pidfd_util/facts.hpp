// SPDX-License-Identifier: MIT
// What a process is and does: its files in /proc, its state, and what it uses. Also the operations
// on its memory: releasing it, advising the kernel about it, and adjusting the OOM score.
#ifndef PIDFD_UTIL_FACTS_HPP
#define PIDFD_UTIL_FACTS_HPP

#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/array_view.hpp>
#include <pidfd_util/cgroup_path.hpp>
#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/identity.hpp>
#include <pidfd_util/memory_advice.hpp>
#include <pidfd_util/proc_text.hpp>
#include <pidfd_util/process_state.hpp>
#include <pidfd_util/process_usage.hpp>
#include <pidfd_util/resource_limit.hpp>
#include <pidfd_util/storage.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/uio.h>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// The operations that show what a process is and does, and three that act on its memory:
/// `set_oom_score_adj`, `release_memory` and `advise`. The errors of every operation, which
/// `pidfd_operations` lists, are not repeated in the tables below.
///
/// All but `release_memory` and `advise` read the process's directory in /proc, as `open_proc` opens
/// it, and check that it is the process's. They work in a /proc of another pid namespace too, as long
/// as it shows both the caller and the process. Nothing that is mounted over a file of /proc is read.
/// An answer is about one moment, and can be outdated when it arrives.
///
/// A zombie still has its state, name, times, cgroup and limits, but no memory, no command line, no
/// environment, and no files. If the first thread of a process has ended while others run on, /proc
/// shows the process as a zombie too, and the state and the name are those of that thread. What the
/// thread no longer has is read from another one; only `advise` cannot do that. For a pidfd of a
/// thread, the name, the state and the files are the thread's; times, faults, memory, command line and
/// environment are those of the whole process.
class pidfd_facts : public pidfd_identity {
public:
    /// Reads the file /proc/PID/NAME, such as "status" or "net/tcp", into `buffer`. It reads until the
    /// end of the file, or until the buffer is full: then the result is not `complete`. `name` has up
    /// to 36 characters, and may lead through directories, but not through links. If the process's
    /// first thread has ended while others run on, and so has nothing in the file, as in "maps" or
    /// "mountinfo", another thread's file is read, /proc/PID/task/TID/NAME.
    ///
    /// The kernel generates small files ("stat", "status", "comm", "cgroup", "limits", "io") at the
    /// first read: such a text is of one moment. Long ones ("maps", "smaps", "mountinfo", "environ")
    /// take several reads, between which the process can change, or execute another program.
    /// See proc(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EINVAL     |                     | `name` is null, or has an empty component, "." or ".."; or the file cannot be read now, such as "attr/current" without a security module |
    /// | ENOENT     |                     | the process has no such file, or this kernel has none; for files about the memory, on newer kernels, also for a kernel thread, and for files that no thread has by itself if the first thread has ended |
    /// | EISDIR     |                     | it is a directory |
    /// | ENAMETOOLONG |                   | `name`, or one of its components, is too long |
    /// | EACCES     |                     | the caller has no right to the file; or /proc hides the process from the caller (hidepid=) |
    /// | EOPNOTSUPP | `unsupported`       | also if something is mounted over the file, or if it is a link, or if a file or a link is on the way to it |
    /// | ESRCH      | `not_found`         | the process was reaped; for files about the memory, on newer kernels, also if it has ended |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    /// | ENXIO, EIO |                     | the file cannot be opened or read now, such as "mountinfo" of a zombie |
    [[nodiscard]] expected<proc_text> read_proc(const char* name,
                                                storage<char> buffer) const noexcept {
        std::size_t length{};
        bool complete{};
        const int error = abi::read_proc(fd_, length, complete, name, buffer.data(), buffer.size());
        return detail::result(error, proc_text{{buffer.data(), length}, complete});
    }

    /// Reads the command line: the arguments of the program, the first of which is its name. The
    /// program can overwrite them later. If it did, there may be a single string, and empty strings
    /// behind it. If it executes another program between two reads, the arguments of both can be
    /// mixed; a command line below 4 KiB is usually read at once. It is empty for a moment while the
    /// process executes a program. Right after `spawn` it may be empty, or still the caller's.
    /// See proc_pid_cmdline(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<text_list> get_command_line(storage<char> buffer) const noexcept {
        return read_list(abi::get_command_line, buffer);
    }

    /// Reads the environment that the program was started with. The program may have overwritten it.
    /// What setenv(3) changes is not shown. The result is empty once the process has ended, and for a
    /// kernel thread. All reads are from one program, even if the process executes another meanwhile.
    /// See proc_pid_environ(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EACCES     |                     | the caller has no right to inspect the process: PTRACE_MODE_READ_FSCREDS of ptrace(2) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<text_list> get_environment(storage<char> buffer) const noexcept {
        return read_list(abi::get_environment, buffer);
    }

    /// Reads the name of the process, of up to 15 characters, and of up to 63 for a kernel thread. It
    /// can be empty, and can have any character but the null character. A process can change it.
    /// See proc_pid_comm(5), prctl(2), PR_SET_NAME.
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | ERANGE     |                     | the name does not fit into `buffer` |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<std::string_view> get_comm(storage<char> buffer) const noexcept {
        std::size_t length{};
        const int error = abi::get_comm(fd_, length, buffer.data(), buffer.size());
        return detail::result(error, std::string_view(buffer.data(), length));
    }

    /// Reads the path of the process's cgroup in the cgroup2 hierarchy.
    /// See cgroups(7), cgroup_namespaces(7), proc_pid_cgroup(5).
    ///
    /// The kernel appends " (deleted)" to the path of a removed cgroup. A cgroup can have such a name
    /// too. For a process that has ended, nothing distinguishes the two.
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | ERANGE     |                     | the path does not fit into `buffer`; 4096 characters always suffice |
    /// | EOPNOTSUPP | `unsupported`       | also if the kernel has no cgroup2, or has not mounted it since the boot |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<cgroup_path> get_cgroup_path(storage<char> buffer) const noexcept {
        std::size_t length{};
        bool removed{};
        const int error = abi::get_cgroup_path(fd_, length, removed, buffer.data(), buffer.size());
        return detail::result(error, cgroup_path{{buffer.data(), length}, removed});
    }

    /// Opens the file that the process executes, with O_PATH and close-on-exec, also if it was
    /// removed or is not visible to the caller. The process can execute another program at any time.
    /// Right after `spawn` it may still be the caller's file.
    /// See proc_pid_exe(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | ENOENT     |                     | the process has none: it is a kernel thread, or it is about to end |
    /// | EACCES     |                     | the caller has no right to inspect the process: PTRACE_MODE_READ_FSCREDS of ptrace(2); or /proc hides the process |
    /// | EOPNOTSUPP | `unsupported`       | also if something is mounted over an entry of /proc that leads to the file |
    /// | EAGAIN     |                     | mounts of the caller's mount namespace changed during each of ten attempts |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd> get_executable() const noexcept {
        return detail::open<unique_fd>(abi::get_executable, fd_);
    }

    /// Opens the process's working directory, with O_PATH and close-on-exec. It may be outside of the
    /// root of the caller, or of the process.
    /// See proc_pid_cwd(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | ENOENT     |                     | the process has none any more: it is about to end |
    /// | EACCES     |                     | as for `get_executable` |
    /// | EOPNOTSUPP | `unsupported`       | as for `get_executable` |
    /// | EAGAIN     |                     | as for `get_executable` |
    /// | ESRCH      | `not_found`         | the process has ended, reaped or not |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    [[nodiscard]] expected<unique_fd> get_directory() const noexcept {
        return detail::open<unique_fd>(abi::get_directory, fd_);
    }

    /// Opens the process's root directory, with O_PATH and close-on-exec: the start of its absolute
    /// paths. Use openat2(2) with RESOLVE_IN_ROOT below it, because a link there could lead out of it.
    /// See proc_pid_root(5), chroot(2).
    ///
    /// \errors as for `get_directory`
    [[nodiscard]] expected<unique_fd> get_root() const noexcept {
        return detail::open<unique_fd>(abi::get_root, fd_);
    }

    /// Returns what the process is doing: the state of its first thread. To find out whether the
    /// process has ended, call `is_alive` instead.
    /// See proc_pid_stat(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EACCES     |                     | /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<process_state> get_state() const noexcept {
        return detail::ask(abi::get_state, fd_);
    }

    /// Returns what the process uses: CPU time, faults, threads, and memory. The memory is read a
    /// moment after the rest.
    /// See proc_pid_stat(5), proc_pid_status(5).
    ///
    /// \errors as for `get_state`
    [[nodiscard]] expected<process_usage> get_usage() const noexcept {
        const auto record = detail::ask(abi::get_usage, fd_, sizeof(abi::process_usage_record));
        if (!record)
            return unexpected(record.error());
        process_usage usage{std::chrono::nanoseconds(record->user_time),
                            std::chrono::nanoseconds(record->system_time),
                            record->minor_faults,
                            record->major_faults,
                            record->threads,
                            {}};
        if ((record->filled & abi::process_usage_record::has_memory) != 0)
            usage.memory =
                memory_usage{record->resident, record->peak_resident, record->virtual_size};
        return usage;
    }

    /// Returns the limits on a resource, one of RLIMIT_*, in the unit of the resource. Unlike
    /// prlimit(2), it needs no rights over the process. UINT64_MAX means no limit.
    /// See getrlimit(2), proc_pid_limits(5).
    ///
    /// \errors as for `get_state`, and
    /// | errno  | when |
    /// | ------ | ---- |
    /// | EINVAL | there is no such resource |
    [[nodiscard]] expected<resource_limit> get_limit(int resource) const noexcept {
        std::uint64_t soft{};
        std::uint64_t hard{};
        const int error = abi::get_limit(fd_, soft, hard, resource);
        return detail::result(error, resource_limit{resource, {soft, hard}});
    }

    /// Returns the adjustment of the OOM score, from -1000 (never killed) to 1000 (killed first).
    /// See proc_pid_oom_score_adj(5).
    ///
    /// \errors as for `get_state`
    [[nodiscard]] expected<int> get_oom_score_adj() const noexcept {
        return detail::ask(abi::get_oom_score_adj, fd_);
    }

    /// Sets the adjustment of the OOM score, also of all other processes that share the process's
    /// memory, as a child of vfork(2) does.
    /// See proc_pid_oom_score_adj(5).
    ///
    /// \errors
    /// | errno      | `pidfd_errc`        | when |
    /// | ---------- | ------------------- | ---- |
    /// | EINVAL     |                     | `adjustment` is below -1000 or above 1000 |
    /// | EACCES     |                     | the caller's user id differs from that of the process, or the process is not dumpable; or, without CAP_SYS_RESOURCE, `adjustment` is below the lowest value that the process may have; or /proc hides the process from the caller (hidepid=) |
    /// | ESRCH      | `not_found`         | the process was reaped |
    /// | EREMOTE    | `foreign_namespace` | the process is not visible in this /proc |
    [[nodiscard]] expected<void> set_oom_score_adj(int adjustment) const noexcept {
        return detail::result(abi::set_oom_score_adj(fd_, adjustment));
    }

    /// Releases the memory of a process that was killed, in the calling thread, without waiting until
    /// the process itself gets to it. Call it after `kill`. It also succeeds if there is nothing to
    /// release: because the memory has been or is being released, or because the process has ended,
    /// was reaped, or is a kernel thread. It needs no rights over the process.
    /// Linux 5.15. See process_mrelease(2).
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EINVAL |               | the process was not killed; or it shares its memory with one that was not, such as the parent of vfork(2); or the pidfd refers to a thread other than the first one, and the thread has not ended |
    /// | ENOSYS | `unsupported` | before Linux 5.15 |
    /// | EAGAIN |               | the memory is in use at this moment: try again |
    [[nodiscard]] expected<void> release_memory() const noexcept {
        return detail::result(abi::release_memory(fd_));
    }

    /// Gives the kernel advice about ranges of the process's memory, which begin at page boundaries of
    /// the process's addresses. Returns how many bytes were advised. This is less than the sum of the
    /// ranges if one after the first is not mapped.
    /// Linux 5.10. See process_madvise(2).
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EINVAL |               | a range does not begin at a page boundary; there are more than 1024 ranges; or this kernel does not know the advice, or accepts it only about the calling process; or the pidfd refers to a thread other than the first one, and the thread has not ended |
    /// | EPERM, EACCES |        | the caller has no right to inspect the process (PTRACE_MODE_READ_FSCREDS of ptrace(2)), or no CAP_SYS_NICE |
    /// | ESRCH  | `not_found`   | the process was reaped, has ended, or is about to end |
    /// | EOPNOTSUPP | `unsupported` | the process has not ended, but the kernel does not find its memory: its first thread has exited while others run on, or it is a kernel thread; or, without /proc, it is about to end |
    /// | ENOMEM |               | the first range is not mapped; or the kernel is out of memory |
    /// | EFAULT |               | a range is outside of what any process can address |
    /// | EBUSY  |               | `collapse`: the memory is in use in a way that does not allow huge pages |
    /// | ENOSYS | `unsupported` | before Linux 5.10 |
    [[nodiscard]] expected<std::size_t> advise(array_view<iovec> ranges,
                                               memory_advice advice) const noexcept {
        return detail::ask(abi::advise, fd_, ranges.begin(), ranges.size(), advice);
    }

protected:
    constexpr explicit pidfd_facts(int fd) noexcept : pidfd_identity(fd) {}
    pidfd_facts(const pidfd_facts&) noexcept = default;
    pidfd_facts& operator=(const pidfd_facts&) noexcept = default;
    ~pidfd_facts() = default;

private:
    expected<text_list> read_list(int (*read)(int, std::size_t&, bool&, char*,
                                              std::size_t) noexcept,
                                  storage<char> buffer) const noexcept {
        std::size_t length{};
        bool complete{};
        const int error = read(fd_, length, complete, buffer.data(), buffer.size());
        return detail::result(error, text_list({{buffer.data(), length}, complete}));
    }
};

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
