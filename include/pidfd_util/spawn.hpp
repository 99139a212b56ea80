// SPDX-License-Identifier: MIT
// Starting a program: the child and its pidfd from one system call.
#ifndef PIDFD_UTIL_SPAWN_HPP
#define PIDFD_UTIL_SPAWN_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Starts the program `file` as a child, with arguments `argv` (a null-terminated array, of which
/// the first is the program's name) and returns once it runs. There is no moment at which the child
/// is there without its pidfd. Where the program cannot be run, or a step before it fails, the
/// child is gone, and reaped, when this returns: the error is that step's, and `*failed` names it.
///
/// The cost does not grow with the caller's memory: the child borrows it until it runs the program,
/// while the calling thread waits, and other threads run on. No signal handler of the caller runs
/// in the child. A caller that ignores SIGCHLD cannot wait for the child's status. Takes some
/// 40 KiB of stack.
///
/// A relative `file` is resolved in the child's working directory, and so are relative and empty
/// entries of PATH. That is the option `directory`; otherwise `/` in a mount namespace that the
/// child enters; otherwise the caller's.
///
/// `file` and `directory` may lead through a file descriptor of the caller, as /proc/self/fd/5 and
/// /dev/fd/5/tool do: it is open until the program runs. The interpreter of a script opens the
/// script again, so that this takes a mapping of the file descriptor to its own number, as
/// fexecve(3) takes one without close-on-exec.
///
/// When this returns, the child has no copies of the caller's other file descriptors. While it runs
/// it has: what another thread closes meanwhile stays open until then. With `close_other_fds` set to
/// false, those with close-on-exec can stay open for a moment after this returns.
///
/// As with vfork(2), whatever stops the child before it runs the program has the caller wait: a
/// SIGTSTP to the whole process group at that very moment (Ctrl-Z at a terminal), until SIGCONT.
/// A signal to the group that ends the child at that moment is ECANCELED. A child that begins a
/// process group or session of its own gets neither from then on.
///
/// Writing a program and then starting it can fail with ETXTBSY in a program whose threads start
/// others: a child that was just being made has a copy of the writing file descriptor until it runs
/// its own program. Try again.
///
/// Linux 5.4. See clone(2), execve(2), and for each option the page that it names.
///
/// \errors
/// | errno      | `pidfd_errc`           | step    | when |
/// | ---------- | ---------------------- | ------- | ---- |
/// | ENOENT     |                        | `exec`  | there is no such program, or its interpreter is missing |
/// | EACCES     |                        | `exec`  | it is not executable, or no directory on the way may be searched |
/// | ENOEXEC    |                        | `exec`  | not a program; a script without `#!` is not given to a shell |
/// | E2BIG      |                        | `exec`  | arguments and environment are too long |
/// | ETXTBSY    |                        | `exec`  | somebody has the program open for writing, which may be a child of another thread that does not run its own program yet |
/// | EAGAIN     |                        | `exec`  | the user whose id was set has more processes than RLIMIT_NPROC allows |
/// | ESTALE, ENODEV, ETIMEDOUT |         | `exec`  | the file system of the program, or of a directory in PATH that had to be searched, is gone |
/// | EINVAL     |                        | `options` | no `file` or `argv`; options that contradict each other, half-set options and impossible values; more than `max_fd_mappings` mappings |
/// | EINVAL     |                        | `clone` | a new pid namespace, and the caller cannot make one: its children are born in another one than its own, after unshare(2) or setns(2), or its own belongs to a user namespace below its own |
/// | EAGAIN     |                        | `clone` | a limit on the number of processes is reached |
/// | EMFILE, ENFILE |                    | `clone` | no file descriptor left: nothing was started. One is needed, and one more for `parent_death_signal` in a new pid namespace |
/// | EMFILE     |                        | `file_descriptors` | no number left for mappings that swap numbers; or `file`, or the directories of PATH, lead through more than 64 file descriptors |
/// | EMFILE     |                        | `parent_death` | `limits` sets RLIMIT_NOFILE to 0, in a new pid namespace |
/// | EBADF      |                        | `file_descriptors` | the `from` of a mapping is closed, or its `to` is above RLIMIT_NOFILE |
/// | ENOMEM     |                        | `clone` | the kernel is out of memory; or the pid namespace in which children are born has lost its first process |
/// | ENOMEM     |                        | `file_descriptors` | no memory to find out what is open, before Linux 5.9 and above 4096 file descriptors |
/// | ENOSPC     |                        | `clone` | namespaces are nested too deeply, or a limit of /proc/sys/user is reached |
/// | EPERM      |                        | `clone` | no right to make the namespaces |
/// | EBADF, ENOENT, EACCES, EBUSY |      | `clone` | `cgroup` is no cgroup2 directory; was removed; may not be written to; takes no process ("domain invalid", or children that take its controllers) or is frozen |
/// | ECANCELED  |                        | `exec`  | a signal ended the child before it ran the program: one to the whole process group, say, or one from a seccomp filter. Before Linux 5.16 a filter that kills the child takes the caller along |
/// | EBADF, EBADFD | `not_a_pidfd`       | `enter_namespaces` | `enter_process` is closed, or something else |
/// | EOPNOTSUPP | `unsupported`          | `options`, `clone`, `enter_namespaces`, `parent_death` | an option that this library, kernel, machine or sandbox does not have |
/// | EOPNOTSUPP | `unsupported`          | `file_descriptors` | neither close_range(2) nor pselect(2), and so no way to close what is open |
/// | any        |                        | others  | as that step's manual page says |
[[nodiscard]] inline expected<child> spawn(const char* file, const char* const* argv,
                                           const spawn_options& options = {},
                                           spawn_step* failed = nullptr) noexcept {
    int fd = -1;
    return detail::owned<child>(abi::spawn(file, argv, options, sizeof options, fd, failed), fd);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
