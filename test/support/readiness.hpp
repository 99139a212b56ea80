// SPDX-License-Identifier: MIT
// The events that poll(2) returns for a file descriptor, and whether epoll(7) ever returned any.
#ifndef PIDFD_UTIL_TEST_READINESS_HPP
#define PIDFD_UTIL_TEST_READINESS_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <initializer_list>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace support {

/// Long enough for any expected event, even on a slow machine.
inline constexpr int long_time = 60'000; // milliseconds

/// The events that are reported within the time, in milliseconds; 0: none.
inline int events_of(int fd, int time = 0) {
    pollfd set{fd, POLLIN, 0};
    int ready = 0;
    while ((ready = poll(&set, 1, time)) < 0 && errno == EINTR) {
    }
    return ready == 1 ? set.revents : 0;
}

/// Waits until what the pidfd refers to was reaped, which comes a moment after a thread's end. Before
/// Linux 6.9, the kernel does not report this.
inline bool hangs_up(int fd) {
    pollfd set{fd, 0, 0};
    return poll(&set, 1, long_time) == 1 && set.revents == POLLHUP;
}

/// Waits in a separate thread for events of the file descriptors, from construction on.
class epoll_watch {
public:
    epoll_watch(std::initializer_list<int> fds, unsigned flags)
        : epoll_(epoll_create1(EPOLL_CLOEXEC)), stop_(eventfd(0, EFD_CLOEXEC)) {
        for (const int fd : fds)
            add(fd, EPOLLIN | flags);
        add(stop_.get(), EPOLLIN);
        thread_ = std::thread([this] { wait(); });
    }
    epoll_watch(const epoll_watch&) = delete;
    epoll_watch& operator=(const epoll_watch&) = delete;
    ~epoll_watch() { (void)end(); }

    /// The first file descriptor that had an event, or -1 if none had until now.
    int end() {
        if (thread_.joinable()) {
            const long long one = 1;
            (void)!write(stop_.get(), &one, sizeof one);
            thread_.join();
        }
        return first_;
    }
    /// Waits for the first event, which must come.
    int first() {
        if (thread_.joinable())
            thread_.join();
        return first_;
    }

private:
    void add(int fd, unsigned events) const {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
    }
    void wait() {
        epoll_event event{};
        int ready = 0;
        while ((ready = epoll_wait(epoll_.get(), &event, 1, long_time)) < 0 && errno == EINTR) {
        }
        first_ = ready == 1 && event.data.fd != stop_.get() ? event.data.fd : -1;
    }

    pidfd_util::unique_fd epoll_;
    pidfd_util::unique_fd stop_;
    std::thread thread_;
    int first_ = -1;
};

} // namespace support

#endif
