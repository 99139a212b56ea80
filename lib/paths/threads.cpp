// SPDX-License-Identifier: MIT
#include "threads.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"
#include "identify.hpp"
#include "pidns.hpp"
#include "process_stat.hpp"
#include "task_path.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::threads {

namespace {

/// Returns whether the thread has exited, so that another one is to be tried.
bool has_exited(int error) noexcept {
    return error == ENOENT || error == ESRCH;
}

/// Opens a pidfd of the thread. ESRCH if it has exited; ENOENT if it is not of the process.
int open_member(const procfs::process& process, pid_t tid, unique_fd& thread) noexcept {
    unique_fd found;
    if (const int error = sys::pidfd_open(tid, uapi::pidfd_thread, found); error != 0)
        return error == EINVAL ? EOPNOTSUPP : error;
    // The process has a thread with this number after the pidfd was opened. If the thread of the
    // pidfd has not exited after that, it had the number all the time, and is this thread.
    text::numbered_path path;
    unique_fd entry;
    if (const int error = set_task_path(path, tid, ""); error != 0)
        return error;
    if (const int error = process.open_file(path.text, O_PATH, entry); error != 0)
        return error;
    bool ended = false;
    if (const int error = identify::has_ended(found.get(), ended); error != 0)
        return error;
    if (ended)
        return ESRCH;
    thread = std::move(found);
    return 0;
}

} // namespace

bool is_exiting(const procfs::process& process, pid_t tid) noexcept {
    process_stat::record stat{};
    const int error = process_stat::read_thread(process, tid, stat);
    return error == 0 ? (stat.flags & process_stat::exiting) != 0 : has_exited(error);
}

bool outlive_first(const procfs::process& process) noexcept {
    process_stat::record stat{};
    return process_stat::read(process, stat) == 0 && (stat.flags & process_stat::exiting) != 0 &&
           stat.threads > 1;
}

int check_that_others_answer(int pidfd) noexcept {
    int flags = 0;
    if (const int error = sys::open_flags(pidfd, flags); error != 0)
        return error;
    if ((static_cast<unsigned>(flags) & uapi::pidfd_thread) != 0)
        return ESRCH;
    bool ended = true;
    const int error = identify::has_ended(pidfd, ended);
    return error == 0 && ended ? ESRCH : error;
}

int open_link(const procfs::process& process, const char* link,
              int (*open)(const procfs::process&, const char*, unique_fd&) noexcept,
              unique_fd& target) noexcept {
    int outcome = ESRCH;
    bool runs = false;
    const int listed = ask_others(process, runs, [&](pid_t tid) {
        text::numbered_path path;
        outcome = set_task_path(path, tid, link);
        if (outcome == 0)
            outcome = open(process, path.text, target);
        return outcome == 0;
    });
    if (listed != 0)
        return listed;
    return runs ? outcome : ESRCH;
}

int open_living(int pidfd, unique_fd& thread) noexcept {
    if (const int error = check_that_others_answer(pidfd); error != 0)
        return error;
    procfs::process process;
    if (const int error = process.open(pidfd); error != 0)
        return error;
    std::size_t depth = 0;
    if (const int error = pidns::depth_of_caller(process.root(), depth); error != 0)
        return error;
    if (depth != 1) // the numbers in this /proc are not the caller's
        return EOPNOTSUPP;
    int outcome = ESRCH;
    unique_fd found;
    const int listed = for_each(process, [&](pid_t tid) {
        // The pidfd of the first thread does not become readable when it exits before others.
        if (tid == process.shown().pid)
            return true;
        outcome = open_member(process, tid, found);
        return has_exited(outcome);
    });
    if (const int error = process.settle(listed != 0 ? listed : 0); error != 0)
        return error;
    if (outcome == 0)
        thread = std::move(found);
    return has_exited(outcome) ? ESRCH : outcome;
}

} // namespace pidfd_util::threads
