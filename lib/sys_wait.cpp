// SPDX-License-Identifier: MIT
// Waiting: waitid, ppoll, epoll and the clock. Every one of these calls writes its answer to memory.
// So a filter that answers "error 0" is noticed, as it leaves there what no kernel writes.
#include "answer.hpp"
#include "narrow.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi_types.hpp>

#include <algorithm>
#include <ctime>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>

namespace pidfd_util::sys {

namespace {

// As uapi::sys_ppoll has it.
#if defined(SYS_ppoll) && !(defined(__x86_64__) && defined(__ILP32__))
using kernel_time = long;
#else
using kernel_time = std::int64_t;
#endif

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t longest_span = std::numeric_limits<std::int32_t>::max() * second;

/// A span of time for the kernel, of at most `longest_span`: the caller asks again for the rest.
struct kernel_timespec {
    explicit kernel_timespec(std::int64_t time) noexcept
        : seconds(narrow<kernel_time>(std::min(time, longest_span) / second)),
          nanoseconds(narrow<kernel_time>(time % second)) {}
    kernel_time seconds;
    kernel_time nanoseconds;
};

constexpr short never_written = -1;

/// One ppoll. The kernel writes `revents` of every entry, of those that are not ready too.
int poll_once(struct pollfd* set, std::size_t count, const kernel_timespec* time) noexcept {
    // The kernel may write to the time.
    kernel_timespec left(time != nullptr ? *time : kernel_timespec(0));
    set->revents = never_written;
    const auto ready = static_cast<int>(attempt([&] {
        return ::syscall(uapi::sys_ppoll, set, count, time != nullptr ? &left : nullptr, nullptr,
                         std::size_t{0});
    }));
    if (ready >= 0 && set->revents == never_written)
        return -ENOSYS;
    if (ready == -EINVAL) // more entries than RLIMIT_NOFILE allows, be they open or not
        return -EMFILE;
    return ready == -EINTR ? ready : believe<>(ready);
}

} // namespace

int waitid(int fd, siginfo_t& info, int options) noexcept {
    constexpr pid_t no_pid = -1;
    info.si_pid = no_pid;
    const auto wait = [&] {
        return ::syscall(SYS_waitid, uapi::p_pidfd, fd, &info, options, nullptr);
    };
    const int result = (options & WNOHANG) != 0 ? static_cast<int>(once(wait)) : patiently(wait);
    if (result >= 0 && info.si_pid == no_pid)
        return -ENOSYS;
    return believe<EBADF, ECHILD, EINVAL>(result);
}

int now(std::int64_t& time) noexcept {
    struct timespec clock {};
    clock.tv_nsec = -1;
    const int error = believe<>(attempt([&] { return ::clock_gettime(CLOCK_MONOTONIC, &clock); }));
    if (error != 0)
        return error;
    if (clock.tv_nsec < 0)
        return -ENOSYS;
    time = clock.tv_sec * second + clock.tv_nsec;
    return 0;
}

int poll(struct pollfd* set, std::size_t count, std::int64_t deadline) noexcept {
    for (int interruptions = 0;;) {
        std::int64_t left = 0;
        if (deadline == abi::never) {
            left = deadline;
        } else if (deadline != abi::at_once) {
            std::int64_t time = 0;
            if (const int error = now(time); error != 0)
                return error;
            left = std::max(deadline - time, std::int64_t{0});
        }
        const kernel_timespec span(left);
        const int ready = poll_once(set, count, deadline == abi::never ? nullptr : &span);
        if (ready == -EINTR) {
            // It is not repeated in place: the time that is left is computed anew.
            if (left == 0 && ++interruptions == patience)
                return -EAGAIN;
            continue;
        }
        if (ready != 0 || left <= longest_span)
            return ready;
    }
}

int poll(int fd, std::int64_t deadline) noexcept {
    struct pollfd set {
        fd, POLLIN, 0
    };
    const int ready = poll(&set, 1, deadline);
    return ready < 0 ? ready : set.revents;
}

int sleep(std::int64_t nanoseconds) noexcept {
    struct pollfd nothing {
        - 1, 0, 0
    };
    const kernel_timespec span(nanoseconds);
    int result = poll_once(&nothing, 1, &span);
    if (result == -EMFILE) { // RLIMIT_NOFILE is 0: no entry is allowed
        kernel_timespec left(span);
        result = static_cast<int>(attempt([&] {
            return ::syscall(uapi::sys_ppoll, nullptr, 0U, &left, nullptr, std::size_t{0});
        }));
    }
    return result == -EINTR ? 0 : believe<>(result);
}

int epoll_create() noexcept {
    return believe<EMFILE, ENFILE>(raw_fd([] { return raw(SYS_epoll_create1, EPOLL_CLOEXEC); }));
}

int epoll_add(int epoll, int fd, std::uint64_t index) noexcept {
    struct epoll_event event {};
    event.events = EPOLLIN;
    event.data.u64 = index;
    return believe<EBADF, EEXIST, ENOSPC>(raw(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event));
}

int epoll_take(int epoll, std::uint64_t& index) noexcept {
    struct epoll_event event {};
    const auto take = [&](int from) {
        return raw(SYS_epoll_pwait, from, &event, 1, 0, nullptr, std::size_t{0});
    };
    const int count = believe<>(take(epoll));
    if (count == 0)
        return -who_succeeds([&] { return take(-1); });
    if (count == 1)
        index = event.data.u64;
    return count;
}

} // namespace pidfd_util::sys
