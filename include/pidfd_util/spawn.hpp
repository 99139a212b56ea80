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
/// As with vfork(2), whatever stops the child before it runs the program has the caller wait: a
/// SIGTSTP to the whole process group at that very moment (Ctrl-Z at a terminal), until SIGCONT.
/// A child in a process group or session of its own gets none.
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
/// | EINVAL     |                        | `options` | no `file` or `argv`; options that contradict each other; more than `max_fd_mappings` mappings |
/// | EAGAIN     |                        | `clone` | a limit on the number of processes is reached |
/// | EMFILE, ENFILE |                    | `clone` | no file descriptor left: nothing was started |
/// | ENOMEM     |                        | `clone` | the kernel is out of memory |
/// | EPERM      |                        | `clone` | no right to make the namespaces |
/// | EBADF, ENOENT, EACCES, EBUSY |      | `clone` | `cgroup` is no cgroup2 directory; was removed; may not be written to; takes no process ("domain invalid", or children that take its controllers) or is frozen |
/// | ECANCELED  |                        | `exec`  | a signal, as from a seccomp filter, ended the child before it ran the program; before Linux 5.16 a filter that kills takes the caller along |
/// | EBADF, EBADFD | `not_a_pidfd`       | `enter_namespaces` | `enter_process` is closed, or something else |
/// | EOPNOTSUPP | `unsupported`          | `options`, `clone`, `enter_namespaces` | an option that this kernel, machine or sandbox does not have |
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
