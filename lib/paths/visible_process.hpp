// SPDX-License-Identifier: MIT
// A process that has a pid in the caller's pid namespace, as /proc shows it.
#ifndef PIDFD_UTIL_LIB_PATHS_VISIBLE_PROCESS_HPP
#define PIDFD_UTIL_LIB_PATHS_VISIBLE_PROCESS_HPP

#include "procfs.hpp"
#include "status.hpp"

namespace pidfd_util {

class visible_process {
public:
    /// Opens the process of a pidfd. EREMOTE: the process has no pid in the caller's namespace,
    /// even if this /proc shows it. The ioctl does not answer about such a process either.
    [[nodiscard]] int open(int pidfd) noexcept;
    /// Opens the process and reads its status.
    [[nodiscard]] int open(int pidfd, status::record& status) noexcept;

    [[nodiscard]] const procfs::process& files() const noexcept { return process_; }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    [[nodiscard]] int read_status(status::record& result) const noexcept;

    /// Gets the thread group id in the caller's namespace from the process's status.
    [[nodiscard]] pid_t tgid(const status::record& status) const noexcept {
        return depth_ == 1 ? status.tgid : status.nstgid.pids[depth_ - 1];
    }

    /// Finds the parent's pid in the caller's namespace. EADDRNOTAVAIL: there is none.
    [[nodiscard]] int find_parent(status::record status, pid_t& ppid) const noexcept;

private:
    procfs::process process_;
    std::size_t depth_ = 0; // of the caller's pid namespace below that of the /proc
    pid_t pid_ = 0;
};

} // namespace pidfd_util

#endif
