// SPDX-License-Identifier: MIT
// Killing a process together with its descendants, without a cgroup.
#ifndef PIDFD_UTIL_KILL_TREE_HPP
#define PIDFD_UTIL_KILL_TREE_HPP

#include <pidfd_util/abi_kill_tree.hpp>
#include <pidfd_util/detail/deadline.hpp>
#include <pidfd_util/enumeration.hpp>

#include <chrono>
#include <cstddef>

namespace pidfd_util {

/// What `kill_tree` has done.
struct killed_tree {
    std::size_t killed;      ///< how many processes got SIGKILL: those that had not ended
    std::size_t descendants; ///< how many pidfds are in the storage
};

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Kills a process and all its descendants. First it stops the process with SIGSTOP, looks for its
/// children, stops them too, and so on. When every thread of every process has stopped, and a further
/// look finds no child that is not known, nothing can make another one. Then all get SIGKILL. The
/// function does not wait for their end, and reaps nothing. The pidfds of the descendants go into
/// `descendants`, whose elements are closed before; `process` is not one of them.
///
/// `time` limits the search: if the processes have not all stopped by then, the function fails with
/// ETIMEDOUT. It looks at the processes at least once, even if the time is 0. But it succeeds only
/// after a second look, so a time of 0 is always too short. If processes fork faster than they can
/// be stopped, the call fails with ETIMEDOUT.
///
/// If the function fails, it kills nothing, continues the processes that it has stopped (SIGCONT), and
/// leaves the elements of the storage empty. Before the first SIGKILL it checks its right to signal
/// every process. Only a security module (LSM) that then refuses SIGKILL leaves some processes killed:
/// the function returns EPERM, and the others run on. The function never signals a process outside of
/// the tree.
///
/// A process that somebody else had stopped before the call stays stopped if the function fails. It
/// runs on if it started less than a clock tick (usually 10 ms) before the call, if a tracer also holds
/// it, or if the caller cannot compare the start with its own clock (in a time namespace before Linux
/// 5.11).
///
/// A process in a frozen cgroup does not stop, and neither does one that sleeps uninterruptibly: then
/// the function fails with ETIMEDOUT. A process that waits in vfork(2) for its child counts as stopped
/// if kcmp(2) shows that both have the same memory. Otherwise it could be in a fork(2), which would
/// make another child. So the function also fails with ETIMEDOUT if kcmp(2) is missing or refused, if
/// the caller has no right to inspect the process (see ptrace(2)), or if the child has a copy of the
/// memory. A later call succeeds if the child has executed a program by then.
///
/// A tracer of the calling thread (strace, a debugger) must not be in the tree, nor begin to trace the
/// thread during the call: if it is stopped, it cannot resume the caller.
///
/// It cannot find, and so does not kill:
///
/// - descendants whose parent ended before the call or while the parent was first examined (they now
///   belong to init or a subreaper). If the caller is that subreaper, `kill_descendants` kills them.
/// - children of a process that someone else resumes (SIGCONT, ptrace(2)) or kills between the last
///   look at it and its SIGKILL. Before that, it is stopped again.
/// - children of a process that the end of another process of the tree resumes at that time. The order
///   of the signals prevents this for process groups, and for terminals if the process that holds the
///   other end is above the session or has no terminal itself. But it happens if a tracer ends before
///   the process that it holds, if the exit signal of a child is SIGCONT, or if a process has asked for
///   SIGCONT (PR_SET_PDEATHSIG, F_SETSIG).
/// - children of a process that sleeps uninterruptibly in fork(2), if it shares its memory with an
///   earlier child without having waited for it (CLONE_VM without CLONE_VFORK).
/// - children that /proc hides from the caller, if three conditions hold: the kernel was built
///   without CONFIG_PROC_CHILDREN, /proc is mounted with hidepid=2 or hidepid=4, and /proc does not
///   hide the first process of the pid namespace.
///
/// A `cgroup` has none of these limits, and is also quicker. Use this function for processes that were
/// not started in a cgroup of their own.
///
/// Before a process is killed, its parent can see that it has stopped (SIGCHLD, WSTOPPED). Each
/// descendant needs a file descriptor. A storage of more than 31 elements also needs 32 bytes of memory
/// for each element during the call.
/// Linux 5.3. See pidfd_send_signal(2), proc_tid_children(5).
///
/// \errors as for `processes`, and
/// | errno      | `pidfd_errc`        | when |
/// | ---------- | ------------------- | ---- |
/// | EBADF, EBADFD | `not_a_pidfd`    | the handle is empty or closed (EBADF), or is not a pidfd (EBADFD) |
/// | EINVAL     |                     | the process is the caller or one of its ancestors, the first process of the caller's pid namespace, or a kernel thread; or the pidfd is that of a thread |
/// | EDEADLK    |                     | a process of the tree traces the calling thread |
/// | EPERM      |                     | the caller has no right to signal one of the processes |
/// | ERANGE     |                     | there are more descendants than the storage has elements |
/// | ETIMEDOUT  |                     | the processes have not all stopped in time: one sleeps uninterruptibly, is in a frozen cgroup, is continued again and again, or waits in vfork(2) for a child that has not been proved to share its memory; or they fork too fast |
/// | EOPNOTSUPP | `unsupported`       | also if something is mounted over the entries of /proc |
/// | ENOSYS     | `unsupported`       | also if this kernel or sandbox has no pidfd_send_signal(2) |
/// | ERFKILL    | `forbidden_by_sandbox` | also if a sandbox refuses pidfd_send_signal(2) |
/// | ESRCH      | `not_found`         | the process was reaped |
/// | EREMOTE    | `foreign_namespace` | the process has no pid in the caller's pid namespace |
/// | EACCES     |                     | /proc hides one of the processes from the caller; or, without CONFIG_PROC_CHILDREN, any process |
/// | ENOMEM, EAGAIN |                 | also if there is no memory for the entries of more than 31 elements (EAGAIN: beyond the limit on locked memory, see mlockall(2)) |
template <class Rep, class Period>
[[nodiscard]] expected<killed_tree> kill_tree(const pidfd_identity& process,
                                              storage<pidfd> descendants,
                                              std::chrono::duration<Rep, Period> time) noexcept {
    detail::pidfd_sink sink(descendants);
    std::size_t killed = 0;
    const int error = abi::kill_tree(process.fd(), killed, detail::to_deadline(time), &sink,
                                     detail::pidfd_sink::store, descendants.size());
    return detail::result(error, killed_tree{killed, sink.count()});
}
/// Kills a process and all its descendants, within 5 seconds.
///
/// \errors as for `kill_tree` with a time
[[nodiscard]] inline expected<killed_tree> kill_tree(const pidfd_identity& process,
                                                     storage<pidfd> descendants) noexcept {
    return kill_tree(process, descendants, std::chrono::seconds(5));
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
