// SPDX-License-Identifier: MIT
// The numbers of a process's children, as /proc lists them.
#ifndef PIDFD_UTIL_LIB_PATHS_CHILD_NUMBERS_HPP
#define PIDFD_UTIL_LIB_PATHS_CHILD_NUMBERS_HPP

#include "directory.hpp"
#include "proc_root.hpp"
#include "process_stat.hpp"
#include "procfs.hpp"
#include "threads.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/types.h>

namespace pidfd_util::child_numbers {

/// The file /proc/PID/task/TID/children: the children that one thread has made or adopted.
class list {
public:
    /// ENOENT, ESRCH: the thread has exited. EOPNOTSUPP: the kernel has no such file.
    [[nodiscard]] int open(const procfs::process& parent, pid_t tid) noexcept;
    /// Reads the next number; 0 at the end.
    [[nodiscard]] int next(pid_t& number) noexcept;

private:
    unique_fd file_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool was_read_ = false; // something
    // The kernel writes up to a page at once. What ends between two reads can hide another child.
    // cppcheck-suppress uninitMemberVarPrivate // read only up to end_
    char text_[4096];
};

/// Calls `f(number, tid)` with the number of each child and the thread that has it, until it returns
/// false. Needs a kernel with CONFIG_PROC_CHILDREN: EOPNOTSUPP.
template <class F>
[[nodiscard]] int for_each_listed(const procfs::process& parent, F f) noexcept {
    int outcome = 0;
    list children;
    const int error = threads::for_each(parent, [&](pid_t tid) {
        outcome = children.open(parent, tid);
        // The first thread stays as long as the process is not reaped.
        if ((outcome == ENOENT || outcome == ESRCH) && tid != parent.shown().pid) {
            outcome = 0;
            return true;
        }
        while (outcome == 0) {
            pid_t number = 0;
            outcome = children.next(number);
            if (outcome != 0 || number == 0)
                break;
            if (!f(number, tid))
                return false;
        }
        return outcome == 0;
    });
    return error != 0 ? error : outcome;
}

/// The same for every process of /proc that has the parent `tgid`. The thread is 0. `hidden` is set if
/// /proc hides processes from the caller, which can be such children.
template <class F>
[[nodiscard]] int for_each_by_parent(int root, pid_t tgid, bool& hidden, F f) noexcept {
    unique_fd all;
    if (const int error = proc_root::open_entry(root, ".", O_RDONLY | O_DIRECTORY, all); error != 0)
        return proc_root::explain_entry(error);
    int outcome = 0;
    bool has_first = false;
    const int error = directory::for_each_number(all.get(), [&](pid_t number) {
        process_stat::record stat{};
        has_first = has_first || number == 1;
        outcome = process_stat::read_unverified(root, number, stat);
        switch (outcome) {
        case 0:
            return stat.parent != tgid || f(number, pid_t{0});
        case ENOENT: // it is gone
        case ESRCH:
            outcome = 0;
            return true;
        case EACCES: // hidepid=1
        case EPERM:
            hidden = true;
            outcome = 0;
            return true;
        default:
            return false;
        }
    });
    // The namespace has a first process. hidepid=2 does not list what it hides.
    hidden = hidden || !has_first;
    return error != 0 ? proc_root::explain_entry(error) : outcome;
}

/// Calls `f(number, tid)` with the number of each child of the process `tgid`, which `parent` shows,
/// and the thread that has it, or 0, until it returns false. A number may come twice. Nothing is
/// verified yet. `hidden` is set if /proc hides processes that can be children.
template <class F>
[[nodiscard]] int for_each(const procfs::process& parent, pid_t tgid, bool& hidden, F f) noexcept {
    const int error = for_each_listed(parent, f);
    return error == EOPNOTSUPP ? for_each_by_parent(parent.root(), tgid, hidden, f) : error;
}

} // namespace pidfd_util::child_numbers

#endif
