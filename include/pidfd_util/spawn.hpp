// SPDX-License-Identifier: MIT
// Starting a program as a child: one system call makes the child and its pidfd.
#ifndef PIDFD_UTIL_SPAWN_HPP
#define PIDFD_UTIL_SPAWN_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Starts the program `file` as a child, and returns once the program runs. `file` is a path, unless
/// the option `search_path` is set; the option `program` takes its place. `argv` is a
/// null-terminated array of the arguments, of which the first is the program's name. The child and
/// its pidfd are made by one system call, so that the child never exists without a pidfd. If the
/// program cannot be run, or a step before it fails, `spawn` reaps the child and returns the errno
/// of that step. It stores the step in `*failed`, unless `failed` is null.
///
/// The cost does not grow with the caller's memory: the child borrows this memory until it runs the
/// program, as with vfork(2). The calling thread waits meanwhile, and other threads run on. No
/// signal handler of the caller runs in the child. If the caller ignores SIGCHLD, the child reaps
/// itself, and its status is known only from Linux 6.15 on. `spawn` uses about 40 KiB of stack.
///
/// A relative `file` is resolved in the child's working directory, and so are relative and empty
/// entries of PATH. The working directory is the option `directory` if it is set. Otherwise, it is
/// `/` if the child enters a mount namespace or gets another `root`, and the caller's working
/// directory if it does not.
///
/// `file` and `directory` may lead through a file descriptor of the caller, such as /proc/self/fd/5
/// or /dev/fd/5/tool. The file descriptor is open until the program runs. If the program is a
/// script, map the file descriptor to its own number as well, because the interpreter opens the
/// script again. For the same reason, fexecve(3) needs a file descriptor without close-on-exec for
/// a script.
///
/// While `spawn` runs, the child has copies of all of the caller's file descriptors. A file that
/// another thread closes in this time stays open until `spawn` returns. After that, the child has
/// only the file descriptors that the options leave open. If `close_other_fds` is false, those with
/// close-on-exec can stay open for a moment longer.
///
/// If a signal stops the child before it runs the program, the caller waits until the child is
/// continued, as with vfork(2). For example, a SIGTSTP to the whole process group at that moment
/// (Ctrl-Z at a terminal) makes the caller wait until SIGCONT. If a signal to the process group
/// ends the child at that moment, the error is ECANCELED. A child that has started a process group
/// or session of its own gets these signals only if the group is in the foreground of the terminal
/// (the option `terminal`), or if they are sent to that group.
///
/// With `process_group`, SIGTSTP, SIGTTIN and SIGTTOU are lost until the program runs. Otherwise, a
/// Ctrl-Z while a foreground job starts would stop the child, and the shell could not take the
/// terminal back, because it waits for the child. SIGSTOP still stops the child.
///
/// Writing a program and then starting it can fail with ETXTBSY if other threads start programs
/// too: a child that is being started holds a copy of the file descriptor that the program was
/// written through, until that child runs its own program. Try again.
///
/// Linux 5.4.
/// See clone(2), execve(2), and the page that each option names.
///
/// \errors
/// | errno      | `pidfd_errc`           | step    | when |
/// | ---------- | ---------------------- | ------- | ---- |
/// | ENOENT     |                        | `exec`  | there is no such program, or its interpreter is missing; `program` is a script that the library cannot read and that `fds` does not map |
/// | ENOENT     |                        | `exec_unsearched` | `file` has no slash, and `search_path` is not set: it was meant as a file in the working directory, where it is missing |
/// | EBADF      |                        | `exec`  | `program` is a script, and `fds` does not map it: its interpreter could not open it |
/// | EACCES     |                        | `exec`  | the file is not executable, or a directory on the way to it may not be searched |
/// | ENOEXEC    |                        | `exec`  | the file is not a program; a script without `#!` is passed to a shell only with `run_scripts_by_shell`, and if there is a shell |
/// | E2BIG      |                        | `exec`  | the arguments and the environment are too long |
/// | ETXTBSY    |                        | `exec`  | the program is open for writing, maybe in a child of another thread that does not run its own program yet |
/// | EAGAIN     |                        | `exec`  | the user whose id was set has more processes than RLIMIT_NPROC allows |
/// | ESTALE, ENODEV, ETIMEDOUT |         | `exec`  | the file system of the program, or of a directory in PATH that had to be searched, is gone |
/// | EINVAL     |                        | `options` | `file` or `argv` is null; both or neither of `file` and `program` are given; options contradict each other, are set only in part, or have impossible values |
/// | EINVAL     |                        | `cpus`  | a CPU does not exist, is offline, or is not in the child's cpuset |
/// | EINVAL     |                        | `clone` | the caller cannot make a new pid namespace: its children are born in another pid namespace than its own, after unshare(2) or setns(2), or its pid namespace belongs to a user namespace below its own |
/// | EAGAIN     |                        | `clone` | a limit on the number of processes is reached |
/// | EMFILE, ENFILE |                    | `clone` | no file descriptor left, and nothing was started; one is needed, and one more for `parent_death_signal` or `die_with_parent` in a new pid namespace |
/// | EMFILE     |                        | `file_descriptors` | no number left for mappings that swap numbers; or `file`, or the directories of PATH, lead through more than 64 file descriptors |
/// | EMFILE, ENFILE |                    | `oom_score_adj` | no file descriptor left to open /proc |
/// | EACCES     |                        | `oom_score_adj` | the score is lowered without CAP_SYS_RESOURCE; or the caller is undumpable and is not root |
/// | EPERM      |                        | `scheduling`, `io_priority`, `root` | the caller has no right to it: CAP_SYS_NICE or RLIMIT_RTPRIO; CAP_SYS_ADMIN or CAP_SYS_NICE; CAP_SYS_CHROOT |
/// | ENXIO      |                        | `terminal` | it is not a terminal; or with `process_group`, it is not the terminal of the child's session |
/// | EPERM      |                        | `terminal` | with `new_session`: the terminal is that of another session, or is not open for reading. With `process_group`: the group is in another session |
/// | EBADF      |                        | `terminal` | the file descriptor is closed |
/// | any        |                        | `before_exec` | the function returned this errno; EIO if its result was not an errno |
/// | EMFILE     |                        | `parent_death` | `limits` sets RLIMIT_NOFILE to 0, in a new pid namespace; or no file descriptor is left for a pidfd of the caller, whose children are born in another pid namespace than its own |
/// | EBADF      |                        | `file_descriptors` | `program` is closed; the `from` of a mapping is closed, or its `to` is not below RLIMIT_NOFILE |
/// | ENOMEM     |                        | `clone` | the kernel is out of memory; or the first process of the pid namespace in which children are born has ended |
/// | ENOMEM     |                        | `file_descriptors` | no memory for more than 16 mappings; no memory to find out which file descriptors are open, before Linux 5.9 and with more than 4096 of them |
/// | ENOMEM     |                        | `exec`  | with `run_scripts_by_shell`: no memory for more than 13 arguments |
/// | ENOSPC     |                        | `clone` | namespaces are nested too deeply, or a limit of /proc/sys/user is reached |
/// | EPERM      |                        | `clone` | the caller has no right to make the namespaces |
/// | EBADF, ENOENT, ENODEV, EACCES, EBUSY | | `clone` | `cgroup` is not a cgroup2 directory (EBADF); was removed (ENOENT, ENODEV); may not be written to (EACCES); is frozen, or accepts no process: it is "domain invalid", or its children use its controllers (EBUSY) |
/// | EACCES, EBADMSG |                   | `clone` | the file cgroup.events of `cgroup`, which shows whether it is frozen, may not be read (EACCES), or has an unknown text (EBADMSG) |
/// | ECANCELED  |                        | `clone` | SIGKILL ended the child before its first instruction. On some versions of Linux 6.1 to 6.18, this happens to a child that is born in another cgroup than the caller's, if `cgroup` or the cgroup of the caller was once killed by cgroup.kill: see `spawn_options::cgroup` |
/// | ECANCELED  |                        | `exec`  | a signal ended the child before it ran the program, for example one to the whole process group, or one from a seccomp filter. Before Linux 5.16, a filter that kills the child also kills the caller |
/// | EBADF, EBADFD | `not_a_pidfd`       | `enter_namespaces` | `enter_process` is closed (EBADF); it is open, but is not a pidfd (EBADFD) |
/// | ESRCH      | `not_found`            | `enter_namespaces` | `enter_process` has ended, reaped or not |
/// | EMFILE, ENFILE, EREMOTE, EACCES |  | `enter_namespaces` | the first thread of `enter_process` has exited, and another thread of it cannot be opened: no file descriptor is left (EMFILE, ENFILE), or /proc does not show the process to the caller (EREMOTE, EACCES) |
/// | EOPNOTSUPP | `unsupported`          | `enter_namespaces` | several namespaces of a process whose first thread has exited, before Linux 6.9 |
/// | EOPNOTSUPP | `unsupported`          | `options`, `clone`, `enter_namespaces`, `parent_death` | this library, kernel, machine or sandbox does not have an option that is set |
/// | EOPNOTSUPP | `unsupported`          | `oom_score_adj` | there is no /proc, or it cannot be trusted |
/// | EOPNOTSUPP | `unsupported`          | `parent_death` | `die_with_parent`, and the caller is not the first thread of its process |
/// | EOPNOTSUPP | `unsupported`          | `file_descriptors` | there is neither close_range(2) nor pselect(2), and so no way to close what is open |
/// | any        |                        | others  | see the manual page of that step |
[[nodiscard]] inline expected<child> spawn(const char* file, const char* const* argv,
                                           const spawn_options& options = {},
                                           spawn_step* failed = nullptr) noexcept {
    int fd = -1;
    const int error = abi::spawn(file, argv, options, sizeof options, fd, failed);
    return detail::owned<child>(error, fd);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
