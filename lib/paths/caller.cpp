// SPDX-License-Identifier: MIT
#include "caller.hpp"

#include "proc_root.hpp"
#include "process_stat.hpp"
#include "status.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::caller {

namespace {

/// Returns whether the errno shows that the process is gone or hidden.
bool is_not_shown(int error) noexcept {
    return error == ENOENT || error == ESRCH || error == EACCES || error == EPERM;
}

} // namespace

int descends_from(int root, pid_t process, pid_t self, bool& descends) noexcept {
    descends = false;
    pid_t below = 0;
    for (pid_t number = self; number != 0;) {
        descends = number == process;
        if (descends)
            return 0;
        process_stat::record stat{};
        const int error = process_stat::read_unverified(root, number, stat);
        if (error == 0) {
            below = number;
            number = stat.parent;
            continue;
        }
        if (!is_not_shown(error))
            return proc_root::explain_entry(error);
        // It has ended, and its child has another parent now. Or it is hidden: then a descendant of
        // `process` that leads here is hidden too, and the tree cannot be killed anyway.
        process_stat::record again{};
        if (below == 0 || process_stat::read_unverified(root, below, again) != 0 ||
            again.parent == number)
            return 0;
        number = again.parent;
    }
    return 0;
}

int find_tracer(int root, pid_t& tracer) noexcept {
    tracer = 0;
    unique_fd file;
    status::record own{};
    int error = proc_root::open_entry(root, "thread-self/status", O_RDONLY, file);
    if (error == 0)
        error = status::read(file.get(), own);
    if (error != 0)
        return proc_root::explain_entry(error);
    if (own.tracer == 0)
        return 0;
    // The number is that of a thread, which has an entry although /proc does not list it.
    status::record found{};
    error = status::read_unverified(root, own.tracer, found);
    if (error == 0)
        tracer = found.tgid;
    return error == 0 || is_not_shown(error) ? 0 : proc_root::explain_entry(error);
}

} // namespace pidfd_util::caller
