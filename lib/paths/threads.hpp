// SPDX-License-Identifier: MIT
// The other threads of a process whose first thread has exited while they run on.
#ifndef PIDFD_UTIL_LIB_PATHS_THREADS_HPP
#define PIDFD_UTIL_LIB_PATHS_THREADS_HPP

#include "directory.hpp"
#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <fcntl.h>

namespace pidfd_util::threads {

/// Calls `f` with the number of each thread of the process, until it returns false. Returns 0 or an
/// errno. The caller settles `process` afterwards.
template <class F>
[[nodiscard]] int for_each(const procfs::process& process, F f) noexcept {
    unique_fd list;
    if (const int error = process.open_file("task", O_RDONLY | O_DIRECTORY, list); error != 0)
        return error;
    return directory::for_each_number(list.get(), f);
}

/// Returns whether the thread with this number has begun to exit, or is gone.
[[nodiscard]] bool is_exiting(const procfs::process& process, pid_t tid) noexcept;

/// Returns whether the process's first thread has begun to exit, and the process has others.
[[nodiscard]] bool outlive_first(const procfs::process& process) noexcept;

/// Asks the other threads of a process whose first thread has begun to exit. `ask` gets the number of
/// a thread, and returns whether the thread has answered. If it has not, and has begun to exit, the
/// next one is asked. `runs` is false if all have begun to exit: the process has ended, or is about to.
/// Returns 0 or an errno. The caller settles `process` afterwards.
template <class Ask>
[[nodiscard]] int ask_others(const procfs::process& process, bool& runs, Ask ask) noexcept {
    runs = false;
    return for_each(process, [&](pid_t tid) {
        if (tid != process.shown().pid)
            runs = ask(tid) || !is_exiting(process, tid);
        return !runs;
    });
}

/// Returns 0 if other threads answer for what the pidfd refers to: for a process that has not ended.
/// ESRCH: the process has ended, or the pidfd refers to a single thread, which has.
[[nodiscard, gnu::cold]] int check_that_others_answer(int pidfd) noexcept;

/// Opens what the link /proc/PID/task/TID/LINK leads to, of a thread that has not exited. `open` opens
/// a link of a process. The caller settles `process` afterwards. ENOENT: the thread has no such link, or
/// it leads nowhere. ESRCH: every thread has exited, or is about to.
[[nodiscard, gnu::cold]] int open_link(const procfs::process& process, const char* link,
                                       int (*open)(const procfs::process&, const char*,
                                                   unique_fd&) noexcept,
                                       unique_fd& target) noexcept;

/// Opens a pidfd of another thread that has not exited. ESRCH: none answers for what the pidfd refers
/// to. EOPNOTSUPP: before Linux 6.9, and where /proc is missing or belongs to another pid namespace.
[[nodiscard, gnu::cold]] int open_living(int pidfd, unique_fd& thread) noexcept;

} // namespace pidfd_util::threads

#endif
