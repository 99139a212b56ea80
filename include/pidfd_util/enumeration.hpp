// SPDX-License-Identifier: MIT
// Opening many processes at once: all that are there, or the children of one.
#ifndef PIDFD_UTIL_ENUMERATION_HPP
#define PIDFD_UTIL_ENUMERATION_HPP

#include <pidfd_util/abi_enumeration.hpp>
#include <pidfd_util/detail/pidfd_sink.hpp>
#include <pidfd_util/listing.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/storage.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace pidfd_util {

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Opens the processes that /proc lists and that have a pid in the caller's pid namespace, in the
/// order of the numbers that /proc has for them. The pidfds go into `found`, whose elements are
/// closed before. Processes that have ended, but were not reaped yet, are included, and the caller
/// itself. Processes that /proc hides from the caller (hidepid=2) are not, and no error shows that.
///
/// A process that lives during the whole call is found. One that starts or ends meanwhile may be
/// missing. The processes may have ended by the time the function returns. If processes are started
/// faster than the function can open them, it stops only at the largest number that a pid can have.
/// The function needs four file descriptors besides those in the storage; up to six if the caller is
/// in another pid namespace than its /proc, and openat2(2) is missing or refused. If it fails, it
/// leaves the elements of the storage empty.
/// Linux 5.3. See proc(5), pidfd_open(2).
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | ENOSYS, EOPNOTSUPP | `unsupported`  | /proc is missing, or is that of a pid namespace to which the caller does not belong; or this kernel or sandbox has no pidfd_open(2) |
/// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses the access to /proc, or pidfd_open(2) |
/// | EACCES     |                        | the caller has no right to read /proc; or, before Linux 5.14, the caller is not dumpable, and the /proc is not that of its pid namespace |
/// | EMFILE, ENFILE |                    | no file descriptor left |
/// | EBADMSG    |                        | the text of /proc cannot be parsed |
/// | ENOMEM     |                        | the kernel is out of memory |
/// | EAGAIN     |                        | a system call was interrupted a hundred times in a row |
/// | EIO        |                        | a system call failed with an errno that the kernel never returns for it; a sandbox hides the caller from itself |
[[nodiscard]] inline expected<listing> processes(storage<pidfd> found) noexcept {
    detail::pidfd_sink sink(found);
    std::int64_t position = 0;
    bool complete = false;
    const int error =
        abi::list_processes(position, complete, &sink, detail::pidfd_sink::store, found.size());
    return detail::listing_of(error, sink, complete);
}

/// Opens the same processes as `processes`, one part after the other, and passes each to `f` as a
/// `pidfd`, until `f` returns false. No more than 16 of them are open at the same time, except those
/// that `f` keeps. /proc is read while `f` works: a process that lives during the whole call is
/// passed once.
/// Linux 5.3. See proc(5), pidfd_open(2).
///
/// \errors as for `processes`
template <class F>
[[nodiscard]] expected<void> for_each_process(F&& f) {
    constexpr std::size_t part = 16;
    pidfd found[part];
    std::int64_t position = 0;
    for (bool complete = false; !complete;) {
        detail::pidfd_sink sink(found);
        const int error =
            abi::list_processes(position, complete, &sink, detail::pidfd_sink::store, part);
        if (error != 0) {
            sink.reset_all();
            return detail::failure(error);
        }
        for (std::size_t i = 0; i < sink.count(); ++i)
            if (!f((std::move)(found[i])))
                return {};
    }
    return {};
}

/// Opens the children of a process. Each of them is verified: during the call it was a child of
/// this process, and not of another process that has got this process's pid. It may have ended
/// since. The parent may have ended too: then the child has another parent. Children that have
/// ended, and were not reaped yet, are included. `process` is any handle that is not in the
/// storage. The pidfds go into `found`, whose elements are closed before.
///
/// A child that lives during the whole call is found, unless another child or a thread of the
/// process ends meanwhile: /proc can skip an entry then. A call that finds nothing new does not prove
/// that there is nothing, unless the process is stopped: see `kill_tree`. A child that /proc hides
/// from the caller (hidepid=) is left out. The function needs up to eight file descriptors besides
/// those in the storage; up to ten before Linux 5.8, or if openat2(2) is refused. For a storage of more than 64 elements, it maps four bytes of memory for
/// each during the call. If it fails, it leaves the elements of the storage empty.
///
/// A kernel that was built without CONFIG_PROC_CHILDREN has no list of children. There the function
/// reads the parent of every process that /proc shows.
/// Linux 5.3. See proc_tid_children(5), pidfd_open(2).
///
/// \errors as for `processes`, and
/// | errno      | `pidfd_errc`        | when |
/// | ---------- | ------------------- | ---- |
/// | EBADF, EBADFD | `not_a_pidfd`    | the handle is empty or closed (EBADF), or is not a pidfd (EBADFD) |
/// | EOPNOTSUPP | `unsupported`       | also if something is mounted over the entries of /proc |
/// | ESRCH      | `not_found`         | the process was reaped |
/// | EREMOTE    | `foreign_namespace` | the process has no pid in the caller's pid namespace |
/// | EACCES     |                     | /proc hides the process from the caller |
/// | ENOMEM, EAGAIN |                 | also if there is no memory for the numbers of more than 64 children (EAGAIN: beyond the limit on locked memory, see mlockall(2)) |
[[nodiscard]] inline expected<listing> children(const pidfd_identity& process,
                                                storage<pidfd> found) noexcept {
    detail::pidfd_sink sink(found);
    bool complete = false;
    const int error =
        abi::list_children(process.fd(), complete, &sink, detail::pidfd_sink::store, found.size());
    return detail::listing_of(error, sink, complete);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
