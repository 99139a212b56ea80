// SPDX-License-Identifier: MIT
// The path through /proc/PID: the files of the process that a pidfd refers to.
#ifndef PIDFD_UTIL_LIB_PATHS_PROCFS_HPP
#define PIDFD_UTIL_LIB_PATHS_PROCFS_HPP

#include "fdinfo.hpp"
#include "proc_root.hpp"

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::procfs {

/// A process as one /proc shows it. A pidfd does not keep its pid from being reused, so that a
/// number alone proves nothing. But if fdinfo shows the same number before and after a file was
/// opened below it, the process had that number all the time, and the file belongs to the process.
class process {
public:
    /// Opens the process of a pidfd. ESRCH: reaped. EREMOTE: not visible in this /proc. EBADF:
    /// closed. EBADFD: not a pidfd.
    [[nodiscard]] int open(int pidfd) noexcept;

    /// Opens it without the proof that the process was not reaped: enough to find out what `pidfd`
    /// is.
    [[nodiscard]] int open_unproved(int pidfd) noexcept;

    /// Opens a file of /proc/PID by the process's number. Do not use it before `settle` returned 0.
    [[nodiscard]] int open_file(const char* name, int flags, unique_fd& file) const noexcept {
        return proc_root::open_file(root(), shown_.pid, name, flags, file);
    }

    /// Opens the target of a magic link, or what is mounted over the link.
    [[nodiscard]] int follow_link(const char* name, int flags, unique_fd& target) const noexcept;

    /// Returns 0 if the process still has its number, which no other can have had meanwhile.
    [[nodiscard]] int check() const noexcept;

    /// Returns the final result of opening and reading the process's files; `error` is the
    /// preliminary one. ESRCH if the process was reaped meanwhile; EACCES if `error` shows that a
    /// file is missing that every process has; `error` otherwise.
    [[nodiscard]] int settle(int error) const noexcept;

    [[nodiscard]] int root() const noexcept { return root_.get(); }
    [[nodiscard]] const fdinfo::record& shown() const noexcept { return shown_; }

private:
    /// Returns 0 if the process was not reaped, where fdinfo does not show that.
    [[nodiscard]] int prove() const noexcept;

    unique_fd root_;
    fdinfo::file fdinfo_;
    int pidfd_ = -1;
    fdinfo::record shown_{};
};

} // namespace pidfd_util::procfs

#endif
