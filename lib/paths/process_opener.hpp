// SPDX-License-Identifier: MIT
// Opening processes by the numbers that a /proc shows, which may differ from the caller's.
#ifndef PIDFD_UTIL_LIB_PATHS_PROCESS_OPENER_HPP
#define PIDFD_UTIL_LIB_PATHS_PROCESS_OPENER_HPP

#include "process_stat.hpp"
#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <sys/types.h>

namespace pidfd_util {

class process_opener {
public:
    /// `root` is a /proc, which must stay open. EOPNOTSUPP: the caller is not visible in it.
    [[nodiscard]] int prepare(int root) noexcept;

    /// Returns the number that this /proc shows for the caller.
    [[nodiscard]] pid_t self() const noexcept { return self_; }

    /// Opens the process that has this number now. ESRCH: none; or only a thread, a group or a
    /// session has the number. EREMOTE: the process has no pid in the caller's pid namespace.
    /// EACCES: this /proc hides the process. EPERM: the caller may not read its own fdinfo, so that no
    /// process can be found.
    [[nodiscard]] int open(pid_t number, unique_fd& process) const noexcept;

    /// Opens the process that has this number, if it is a child of the process `tgid` that `parent`
    /// shows, which proves that it was one during the call. ESRCH: it is not, or not any more; or
    /// the parent was reaped, which `parent.check()` shows. Stores what its stat has.
    [[nodiscard]] int open_child(const procfs::process& parent, pid_t tgid, pid_t number,
                                 unique_fd& child, process_stat::record& stat) const noexcept;

    /// Returns whether the errno of `open` or `open_child` shows that a list has no entry for the
    /// number: the process has ended, or is another one, or the caller may not see it.
    [[nodiscard]] static bool is_passed_over(int error) noexcept;

private:
    int root_ = -1;
    std::size_t depth_ = 0; // of the caller's pid namespace below that of the /proc
    pid_t self_ = 0;
};

} // namespace pidfd_util

#endif
