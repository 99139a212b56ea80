// SPDX-License-Identifier: MIT
// The path through /proc/PID: the files of the process that a pidfd refers to.
#ifndef PIDFD_UTIL_LIB_PROCFS_HPP
#define PIDFD_UTIL_LIB_PROCFS_HPP

#include "fdinfo.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <sys/types.h>

namespace pidfd_util::procfs {

/// Opens /proc, if it is procfs. EOPNOTSUPP: it is not there. ERFKILL: a sandbox forbids it.
int open_root(unique_fd& root) noexcept;

/// Opens `path` below a /proc, as `beneath::open` does. EOPNOTSUPP if something is mounted over an
/// entry on the way: this /proc cannot be believed.
int open_entry(int root, const char* path, int flags, unique_fd& file) noexcept;

/// Opens /proc/PID/NAME of whichever process has this pid now; unverified.
int open_file(int root, pid_t pid, const char* name, int flags, unique_fd& file) noexcept;

/// A process as one /proc shows it. A pidfd does not keep the pid from being used again, so that a
/// number alone proves nothing. But where fdinfo shows the same number before and after a file was
/// opened below it, the process had that number all the time, and the file is the process's.
class process {
public:
    /// ESRCH: reaped. EREMOTE: not visible in this /proc. EBADF, EBADFD: `pidfd` is none.
    int open(int pidfd) noexcept;

    /// The same, without the proof that the process was not reaped: says what `pidfd` is.
    int open_unproved(int pidfd) noexcept;

    /// A file of /proc/PID by its number, to be believed only after `settle`.
    int open_file(const char* name, int flags, unique_fd& file) const noexcept {
        return procfs::open_file(root(), shown_.pid, name, flags, file);
    }

    /// Opens what the magic link leads to, whatever is mounted over the link.
    int follow_link(const char* name, unique_fd& target) const noexcept;

    /// 0 if the process still has its number, which nobody else can have had meanwhile.
    int check() const noexcept;

    /// What came of opening and reading the process's files: ESRCH if it was reaped meanwhile, else
    /// `error`; EACCES if that says that a file is not there which every process has.
    int settle(int error) const noexcept;

    int root() const noexcept { return root_.get(); }
    const fdinfo::record& shown() const noexcept { return shown_; }

private:
    /// Returns 0 if the process was not reaped, as far as fdinfo cannot tell it.
    int prove() const noexcept;

    unique_fd root_;
    fdinfo::file fdinfo_;
    int pidfd_ = -1;
    fdinfo::record shown_{};
};

} // namespace pidfd_util::procfs

#endif
