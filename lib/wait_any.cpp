// SPDX-License-Identifier: MIT
// wait_any.
#include "answer.hpp"
#include "identify.hpp"
#include "narrow.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <poll.h>

namespace pidfd_util {

namespace {

/// The pidfds, wherever the caller keeps them.
struct range {
    const void* where;
    int (*fd_at)(const void*, std::size_t);
    std::size_t count;
    int operator[](std::size_t i) const noexcept { return fd_at(where, i); }
};

/// Up to so many are polled, in one system call and from the stack.
constexpr std::size_t few = 64;

int poll_few(const range& fds, std::int64_t deadline, bool& ended, std::size_t& which) noexcept {
    struct pollfd set[few];
    for (std::size_t i = 0; i < fds.count; ++i)
        set[i] = {fds[i], POLLIN, 0};
    const int ready = sys::poll(set, fds.count, deadline);
    if (ready < 0)
        return -ready;
    ended = false;
    for (std::size_t i = 0; i < fds.count && !ended; ++i) {
        if ((set[i].revents & POLLNVAL) != 0) // closed since it was looked at
            return EBADF;
        ended = set[i].revents != 0;
        which = i;
    }
    return 0;
}

/// More go into an epoll of the call's own, so that no memory of their number is needed.
int epoll_many(const range& fds, std::int64_t deadline, bool& ended, std::size_t& which) noexcept {
    const unique_fd epoll(sys::epoll_create());
    if (!epoll)
        return -epoll.get();
    for (std::size_t i = 0; i < fds.count; ++i) {
        const int error = -sys::epoll_add(epoll.get(), fds[i], i);
        if (error != 0 && error != EEXIST) // given twice: its first place counts
            return error;
    }
    if (const int lie = who_succeeds([&] { return sys::epoll_add(-1, fds[0], 0); }); lie != 0)
        return lie; // nothing was added: this would wait for ever
    for (;;) {
        const int events = sys::poll(epoll.get(), deadline);
        if (events < 0)
            return -events;
        std::uint64_t index = 0;
        const int taken = sys::epoll_take(epoll.get(), index);
        if (taken < 0)
            return -taken;
        ended = taken == 1;
        which = narrow<std::size_t>(index);
        // What was ready may be gone: another thread has closed it.
        if (ended || events == 0)
            return 0;
    }
}

} // namespace

namespace abi {

int wait_any(const void* where, int (*fd_at)(const void*, std::size_t), std::size_t count,
             std::int64_t deadline, bool& ended, std::size_t& which) noexcept {
    const range fds{where, fd_at, count};
    if (count == 0)
        return EINVAL;
    // What is no pidfd would be ready for reasons of its own, or never.
    for (std::size_t i = 0; i < count; ++i)
        if (const int error = identify::check(fds[i]); error != 0)
            return error;
    return count <= few ? poll_few(fds, deadline, ended, which)
                        : epoll_many(fds, deadline, ended, which);
}

} // namespace abi
} // namespace pidfd_util
