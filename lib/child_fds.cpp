// SPDX-License-Identifier: MIT
#include "child_fds.hpp"

#include "directory.hpp"
#include "procfs.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

constexpr int first_unwanted = 3;

/// Kernels before 5.11: from the list in /proc. Only this process's own list has the number that the
/// list itself was opened under.
bool close_listed_on_exec() noexcept {
    unique_fd root;
    unique_fd list;
    if (procfs::open_root(root) != 0 ||
        procfs::open_entry(root.get(), "thread-self/fd", O_RDONLY | O_DIRECTORY, list) != 0)
        return false;
    bool is_own = false;
    const int error = directory::for_each_number(list.get(), [&](int fd) {
        is_own = is_own || fd == list.get();
        if (fd >= first_unwanted)
            (void)sys::set_cloexec(fd);
        return true;
    });
    return error == 0 && is_own;
}

/// Without /proc: every number that there can be. The soft limit may have been lowered since.
long close_all_on_exec() noexcept {
    constexpr std::uint64_t many = 1U << 20; // the kernel's own limit, if nobody has raised it
    std::uint64_t limit[2] = {};
    if (const long error = sys::call(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, limit); error < 0)
        return error;
    if (limit[1] > many)
        return -EOPNOTSUPP; // to try them all would take for ever
    for (int fd = first_unwanted; fd < static_cast<int>(limit[1]); ++fd)
        (void)sys::set_cloexec(fd);
    return 0;
}

bool is_target(const spawn_options& o, int fd) noexcept {
    return std::any_of(o.fds.begin(), o.fds.end(), [fd](fd_mapping m) { return m.to == fd; });
}

/// A copy under a number that no mapping will overwrite. `lowest` goes up from call to call.
int copy_aside(const spawn_options& o, int fd, int& lowest) noexcept {
    for (;;) {
        const int copy = sys::duplicate_above(fd, lowest);
        if (copy < 0)
            return copy == -EINVAL ? -EMFILE : copy; // `lowest` is above the limit
        lowest = copy + 1;
        if (!is_target(o, copy))
            return copy;
        sys::close(copy);
    }
}

} // namespace

long close_child_fds(const spawn_options& o) noexcept {
    // close_range is missing, or without this flag, or refused by a sandbox.
    if (!o.close_other_fds || sys::close_range_on_exec(first_unwanted) == 0 ||
        close_listed_on_exec())
        return 0;
    return close_all_on_exec();
}

long map_child_fds(const spawn_options& o) noexcept {
    // All are looked at before any is made: a new one could take the number of one that is closed.
    for (const fd_mapping& m : o.fds)
        if (const int flags = sys::open_flags(m.from); flags < 0)
            return flags;
    // What would be overwritten before its turn is put aside. Others need no further number, of
    // which there may be none.
    int sources[max_fd_mappings] = {};
    int lowest = first_unwanted;
    std::size_t count = 0;
    for (const fd_mapping& m : o.fds) {
        const bool in_the_way = m.from != m.to && is_target(o, m.from);
        const int source = in_the_way ? copy_aside(o, m.from, lowest) : m.from;
        if (source < 0)
            return source;
        sources[count++] = source;
    }
    count = 0;
    for (const fd_mapping& m : o.fds) {
        const int source = sources[count++];
        const int error = source == m.to ? sys::keep_on_exec(m.to) : sys::replace(source, m.to);
        if (error < 0)
            return error;
    }
    return 0;
}

} // namespace pidfd_util
