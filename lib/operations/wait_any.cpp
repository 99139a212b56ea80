// SPDX-License-Identifier: MIT
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <poll.h>

namespace pidfd_util {

namespace {

/// The pidfds in the caller's objects, which `fd_at` knows how to read.
struct range {
    const void* where;
    int (*fd_at)(const void*, std::size_t);
    std::size_t count;
    int operator[](std::size_t i) const noexcept { return fd_at(where, i); }
};

/// Polls all pidfds until the deadline. Finds the first that is ready, if there is one.
int poll_all(const range& fds, struct pollfd* set, std::int64_t deadline, bool& ended,
             std::size_t& which) noexcept {
    std::size_t ready = 0;
    if (const int error = sys::poll(set, fds.count, deadline, ready); error != 0)
        return error;
    ended = false;
    for (std::size_t i = 0; i < fds.count && !ended && ready != 0; ++i) {
        if ((set[i].revents & POLLNVAL) != 0) { // closed, or opened with O_PATH
            const int error = identify::check(fds[i]);
            return error != 0 ? error : EBADF;
        }
        ended = set[i].revents != 0;
        which = i;
    }
    return 0;
}

} // namespace

namespace abi {

int wait_any(const void* where, int (*fd_at)(const void*, std::size_t), std::size_t count,
             std::int64_t deadline, bool& ended, std::size_t& which) noexcept {
    const range fds{where, fd_at, count};
    if (count == 0)
        return EINVAL;
    // An epoll instance would need a file descriptor, and a system call for each process.
    local_array<struct pollfd, 64> entries;
    if (const int error = entries.make(count); error != 0)
        return error;
    struct pollfd* const set = entries.get();
    for (std::size_t i = 0; i < count; ++i)
        set[i] = {fds[i], POLLIN, 0};
    if (const int error = poll_all(fds, set, at_once, ended, which); error != 0)
        return error;
    // A file descriptor that is not a pidfd is ready for other reasons, or never. The check of each
    // takes much longer than the poll: it is left out where the call does not wait for it.
    if (ended)
        return identify::check(fds[which]);
    for (std::size_t i = 0; i < count; ++i)
        if (const int error = identify::check(fds[i]); error != 0)
            return error;
    return deadline == at_once ? 0 : poll_all(fds, set, deadline, ended, which);
}

} // namespace abi
} // namespace pidfd_util
