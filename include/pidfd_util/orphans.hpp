// SPDX-License-Identifier: MIT
// Adopting descendants that have lost their parents, and killing and reaping them.
#ifndef PIDFD_UTIL_ORPHANS_HPP
#define PIDFD_UTIL_ORPHANS_HPP

#include <pidfd_util/abi_orphans.hpp>
#include <pidfd_util/detail/deadline.hpp>
#include <pidfd_util/detail/handle_range.hpp>
#include <pidfd_util/pidfd.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Makes the calling process a subreaper: if a descendant loses its parent, the calling process
/// becomes the parent, instead of the init process. This also applies to descendants that exist
/// already. The attribute belongs to the process and not to the thread; it survives execve(2), and
/// forked children do not inherit it. A subreaper has to reap the orphans: see `reap_orphans`.
/// Linux 3.4. See PR_SET_CHILD_SUBREAPER(2const).
///
/// \errors
/// | errno   | `pidfd_errc`           | when |
/// | ------- | ---------------------- | ---- |
/// | ENOSYS  | `unsupported`          | a sandbox has no prctl(2) |
/// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses prctl(2) |
[[nodiscard]] inline expected<void> become_subreaper() noexcept {
    return detail::result(abi::become_subreaper());
}

/// Reaps the children of the calling process that have ended, except those in `keep`, and returns
/// how many there were. Does not wait. A subreaper calls it regularly, or on SIGCHLD, with its own
/// children in `keep`. Then the function reaps only the orphans that the subreaper has adopted, and
/// their statuses are lost. Each is reaped by its pidfd. `keep` is an array, or any other
/// contiguous range, of `pidfd`, `pidfd_view` or `child`; or a list of views in braces. A handle
/// has no effect if its process is not a child of the caller, or was reaped. Children of other
/// libraries in the process have to be in `keep`, too. Other threads must not start children
/// meanwhile: their statuses could be lost.
/// Linux 5.4. See waitid(2), proc_tid_children(5).
///
/// \errors as for `processes`, and
/// | errno         | `pidfd_errc`  | when |
/// | ------------- | ------------- | ---- |
/// | EBADF, EBADFD | `not_a_pidfd` | a handle in `keep` is empty or closed (EBADF), or is not a pidfd (EBADFD) |
/// | EINVAL        |               | a pidfd in `keep` is that of a thread |
/// | EOPNOTSUPP    | `unsupported` | also if this kernel has no waitid(2) of a pidfd, or if something is mounted over the entries of /proc |
/// | ENOSYS        | `unsupported` | also if a sandbox has no waitid(2) |
/// | ERFKILL       | `forbidden_by_sandbox` | also if a sandbox refuses waitid(2) |
/// | EACCES        |               | /proc hides one of the children from the caller; or, if the kernel was built without CONFIG_PROC_CHILDREN, any process |
/// | ENOMEM, EAGAIN |              | also if there is no memory for the numbers of more than 64 handles (EAGAIN: beyond the limit on locked memory, see mlockall(2)) |
template <class Range = std::initializer_list<pidfd_view>>
[[nodiscard]] expected<std::size_t> reap_orphans(const Range& keep) noexcept {
    const detail::handle_range<Range> kept{keep};
    std::size_t reaped = 0;
    const int error = abi::reap_orphans(reaped, kept.first(), kept.fd_at, kept.size());
    return detail::result(error, reaped);
}
/// Reaps all children of the calling process that have ended.
///
/// \errors as for `reap_orphans` with children to keep
[[nodiscard]] inline expected<std::size_t> reap_orphans() noexcept {
    return reap_orphans(std::initializer_list<pidfd_view>());
}

/// Kills the children of the calling process, except those in `keep`, and all descendants of those
/// that it kills, and reaps them. Returns how many it has reaped. The caller is a subreaper, or the
/// first process of its pid namespace. A process that loses its parent becomes the caller's child, even
/// after setsid(2) or a double fork, and is killed too. The function repeats this until the caller has
/// no child left that is not in `keep`. A child in `keep` keeps its descendants. `keep` is as for
/// `reap_orphans`.
///
/// One kind of descendant is not found: if a descendant enters another pid namespace that exists
/// already (setns(2)), makes children there and ends, the first process of that namespace adopts them.
///
/// `time` limits the whole call: if a child that is not in `keep` is left after it, the function fails
/// with ETIMEDOUT. It sends SIGKILL to the children at least once, even if the time is 0. But it
/// needs a second look to reap them, so a time of 0 is enough only if there is no such child.
///
/// Other threads must not start children meanwhile. If the function fails, some processes may have
/// been killed and others not; call it again.
/// Linux 5.4. See PR_SET_CHILD_SUBREAPER(2const), pidfd_send_signal(2), waitid(2).
///
/// \errors as for `reap_orphans`, and
/// | errno     | `pidfd_errc`           | when |
/// | --------- | ---------------------- | ---- |
/// | EINVAL    |                        | also if the caller is neither a subreaper nor the first process of its pid namespace |
/// | EPERM     |                        | the caller has no right to kill one of its children, which executes a program with another user id |
/// | ETIMEDOUT |                        | a child is still there after the time: it sleeps uninterruptibly, or is traced; or the descendants fork faster than they are killed |
/// | ENOSYS    | `unsupported`          | also if a sandbox has no prctl(2) or pidfd_send_signal(2) |
/// | ERFKILL   | `forbidden_by_sandbox` | also if a sandbox refuses prctl(2) or pidfd_send_signal(2) |
template <class Range = std::initializer_list<pidfd_view>, class Rep, class Period>
[[nodiscard]] expected<std::size_t>
kill_descendants(const Range& keep, std::chrono::duration<Rep, Period> time) noexcept {
    const detail::handle_range<Range> kept{keep};
    std::size_t reaped = 0;
    const int error = abi::kill_descendants(reaped, detail::to_deadline(time), kept.first(),
                                            kept.fd_at, kept.size());
    return detail::result(error, reaped);
}
/// Kills all children of the calling process, and all their descendants, and reaps them.
///
/// \errors as for `kill_descendants` with children to keep
template <class Rep, class Period>
[[nodiscard]] expected<std::size_t>
kill_descendants(std::chrono::duration<Rep, Period> time) noexcept {
    return kill_descendants(std::initializer_list<pidfd_view>(), time);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
