// SPDX-License-Identifier: MIT
// What /proc shows of each thread of a process.
#ifndef PIDFD_UTIL_LIB_PATHS_THREAD_STATES_HPP
#define PIDFD_UTIL_LIB_PATHS_THREAD_STATES_HPP

#include "process_stat.hpp"
#include "procfs.hpp"
#include "threads.hpp"

#include <cerrno>

namespace pidfd_util::thread_states {

/// Calls `f(tid, stat)` for each thread of the process, until it returns false. The caller settles
/// `process` afterwards.
template <class F>
[[nodiscard]] int for_each(const procfs::process& process, F f) noexcept {
    int outcome = 0;
    const int error = threads::for_each(process, [&](pid_t tid) {
        process_stat::record stat{};
        outcome = process_stat::read_thread(process, tid, stat);
        // The first thread stays as long as the process is not reaped.
        if ((outcome == ENOENT || outcome == ESRCH) && tid != process.shown().pid) {
            outcome = 0;
            return true;
        }
        return outcome == 0 && f(tid, stat);
    });
    return error != 0 ? error : outcome;
}

/// Finds the state of a thread that has not exited, as the first thread can do before the others: of
/// one that has not stopped, if there is one. `state` stays as it is if all have exited. ESRCH: the
/// process was reaped.
[[nodiscard]] int find_living(int pidfd, char& state) noexcept;

} // namespace pidfd_util::thread_states

#endif
