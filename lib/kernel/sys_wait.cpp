// SPDX-License-Identifier: MIT
// Waiting: waitid, ppoll and the clock. Each of these calls writes its result to memory, so
// that a filter that answers "error 0" is noticed: what was there before is still there.
#include "explain.hpp"
#include "narrow.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi_types.hpp>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <limits>
#include <poll.h>
#include <sys/wait.h>

namespace pidfd_util::sys {

namespace {

// The type of a time in uapi::sys_ppoll.
#if defined(SYS_ppoll) && !(defined(__x86_64__) && defined(__ILP32__))
using kernel_time = long;
#else
using kernel_time = std::int64_t;
#endif

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t longest_span = std::numeric_limits<std::int32_t>::max() * second;

/// A span of time for the kernel, at most `longest_span`: the caller polls again for the rest.
struct kernel_timespec {
    explicit kernel_timespec(std::int64_t time) noexcept
        : seconds(narrow<kernel_time>(std::min(time, longest_span) / second)),
          nanoseconds(narrow<kernel_time>(time % second)) {}
    kernel_time seconds;
    kernel_time nanoseconds;
};

constexpr short not_written = -1;

/// Calls ppoll once, and does not retry on EINTR. The kernel writes `revents` of every entry, also
/// of those that are not ready.
int poll_once(struct pollfd* set, std::size_t count, const kernel_timespec* time,
              std::size_t& ready) noexcept {
    // A copy: the kernel may write the time that is left.
    kernel_timespec left(time != nullptr ? *time : kernel_timespec(0));
    if (count != 0)
        set->revents = not_written;
    const reply r = make_call(uapi::sys_ppoll, set, count, time != nullptr ? &left : nullptr,
                              nullptr, std::size_t{0});
    if (r.error == EINVAL && count != 0) // more entries than RLIMIT_NOFILE allows, open or not
        return EMFILE;
    if (r.error != 0)
        return r.error == EINTR ? EINTR : explain_errno<>(r.error);
    if (count != 0 && set->revents == not_written)
        return ENOSYS;
    ready = static_cast<std::size_t>(r.value);
    return 0;
}

/// Returns whether ppoll returns EINTR even for memory that is not there.
bool is_answered_by_filter() noexcept {
    const kernel_timespec no_time(0);
    return make_call(uapi::sys_ppoll, nullptr, std::size_t{1}, &no_time, nullptr, std::size_t{0})
               .error == EINTR;
}

} // namespace

int waitid(int fd, siginfo_t& info, int options, uapi::rusage* usage) noexcept {
    constexpr pid_t no_pid = -1;
    info.si_pid = no_pid;
    const auto wait = [&] {
        return make_call(SYS_waitid, uapi::p_pidfd, fd, &info, options, usage);
    };
    // No process has a negative file descriptor.
    const auto control = [&] {
        return make_call(SYS_waitid, uapi::p_pidfd, -1, nullptr, options, nullptr).error;
    };
    const int error =
        ((options & WNOHANG) != 0 ? retry_bounded(wait) : retry_on_eintr(wait, control)).error;
    if (error == 0 && info.si_pid == no_pid)
        return ENOSYS;
    return explain_errno<EBADF, ECHILD, EINVAL>(error);
}

int now(std::int64_t& time) noexcept {
    return read_clock(CLOCK_MONOTONIC, time);
}

int read_clock(int clock, std::int64_t& time) noexcept {
    struct timespec found {};
    found.tv_nsec = -1;
    const int error =
        explain_errno<>(attempt([&] { return ::clock_gettime(clock, &found); }).error);
    if (error != 0)
        return error;
    if (found.tv_nsec < 0)
        return ENOSYS;
    time = found.tv_sec * second + found.tv_nsec;
    return 0;
}

int time_until(std::int64_t deadline, std::int64_t& left) noexcept {
    if (deadline == abi::never || deadline == abi::at_once) {
        left = deadline;
        return 0;
    }
    std::int64_t time = 0;
    if (const int error = now(time); error != 0)
        return error;
    left = deadline > time ? deadline - time : 0; // no overflow, however long ago the deadline was
    return 0;
}

int poll(struct pollfd* set, std::size_t count, std::int64_t deadline,
         std::size_t& ready) noexcept {
    int late = 0; // interruptions after the deadline, and before it
    unsigned early = 0;
    for (;;) {
        std::int64_t left = 0;
        if (const int error = time_until(deadline, left); error != 0)
            return error;
        const kernel_timespec span(left);
        const int error = poll_once(set, count, deadline == abi::never ? nullptr : &span, ready);
        if (error == EINTR) {
            // Not retried in place, because the remaining time must be computed again.
            if (left == 0 ? ++late == most_retries
                          : ++early % most_retries == 0 && is_answered_by_filter())
                return EAGAIN;
            continue;
        }
        if (error != 0 || ready != 0 || left <= longest_span)
            return error;
    }
}

int poll(int fd, std::int64_t deadline, short& events) noexcept {
    struct pollfd set {
        fd, POLLIN, 0
    };
    std::size_t ready = 0;
    const int error = poll(&set, 1, deadline, ready);
    if (error == 0)
        events = set.revents;
    return error;
}

int poll_quiet(int fd, short events, bool& quiet) noexcept {
    constexpr int never_open = std::numeric_limits<int>::max();
    struct pollfd set[] = {{fd, events, 0}, {never_open, events, 0}};
    std::size_t ready = 0;
    if (const int error = poll(set, std::size(set), 0, ready); error != 0)
        return error;
    if (ready == 0 || set[1].revents != POLLNVAL)
        return ENOSYS;
    quiet = set[0].revents == 0;
    return 0;
}

int sleep(std::int64_t nanoseconds) noexcept {
    struct pollfd nothing {
        - 1, 0, 0
    };
    const kernel_timespec span(nanoseconds);
    std::size_t ready = 0;
    int error = poll_once(&nothing, 1, &span, ready);
    if (error == EMFILE) // RLIMIT_NOFILE is 0: no entry is allowed
        error = poll_once(nullptr, 0, &span, ready);
    return error == EINTR ? 0 : error;
}

} // namespace pidfd_util::sys
