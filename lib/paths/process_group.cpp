// SPDX-License-Identifier: MIT
#include "process_group.hpp"

#include "../kernel/sys.hpp"
#include "directory.hpp"
#include "proc_root.hpp"
#include "process_stat.hpp"
#include "procfs.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::process_group {

namespace {

/// Looks at every process once.
int find_running(int root, pid_t leader, bool& running) noexcept {
    unique_fd list;
    if (const int error = sys::openat(root, ".", O_RDONLY | O_DIRECTORY, list); error != 0)
        return proc_root::explain_entry(error);
    running = false;
    int failed = 0;
    const int error = directory::for_each_number(list.get(), [&](pid_t pid) {
        if (pid == leader)
            return true;
        process_stat::record found{};
        switch (const int unread = process_stat::read_unverified(root, pid, found); unread) {
        case 0:
            // The state is that of the first thread, which can exit before the others.
            running =
                found.group == leader && (!process_stat::is_end(found.state) || found.threads > 1);
            return !running;
        case ENOENT: // it is gone
        case ESRCH:
        case EACCES: // hidden
        case EPERM:
            return true;
        default:
            failed = unread;
            return false;
        }
    });
    return error != 0 ? proc_root::explain_entry(error) : failed;
}

} // namespace

int has_running_member(int leader, bool& running) noexcept {
    procfs::process process;
    if (const int error = process.open(leader); error != 0)
        return error;
    // /proc lists the processes by their numbers. The search misses a process that is born with a
    // number below the last one that was read, if its parent ends before the search reads the
    // parent. A second pass finds such a process.
    for (int passes = 0; passes < 2; ++passes) {
        if (const int error = find_running(process.root(), process.shown().pid, running);
            error != 0)
            return error;
        if (running)
            break;
    }
    // The leader has kept its number, so that no other group can have had it.
    return process.check();
}

} // namespace pidfd_util::process_group
