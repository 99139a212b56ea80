// SPDX-License-Identifier: MIT
#include "wait.hpp"

#include "../kernel/backoff.hpp"
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"
#include "../paths/info_ioctl.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_usage.hpp>

#include <cerrno>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

/// Waits for children of every kind, also those whose exit signal is not SIGCHLD.
constexpr int any_child = uapi::wait_all;

// The pauses between two calls if poll cannot wait for the change, in nanoseconds.
constexpr std::int64_t shortest_pause = 1'000'000;
constexpr std::int64_t longest_pause = 64 * shortest_pause;

int to_wait_status(const siginfo_t& info) noexcept {
    const auto status = state_change(info.si_code, info.si_status).ended();
    return status ? status->wait_status() : 0;
}

/// Explains the errno of waitid.
[[gnu::noinline, gnu::cold]] int explain_wait_error(int fd, int error) noexcept {
    switch (error) {
    case EBADF:
    case ENOSYS:
    case ERFKILL:
        return identify::explain(fd, error);
    case EINVAL: // the options are valid: Linux before 5.4 does not know P_PIDFD
        return identify::explain(fd, EOPNOTSUPP);
    default:
        return error;
    }
}

/// Looks for a change, and does not wait. `info.si_pid` is 0 if there was none.
int look_for_change(int fd, int changes, siginfo_t& info, uapi::rusage* usage) noexcept {
    const int error = sys::waitid(fd, info, changes | any_child | WNOHANG, usage);
    return error == 0 ? 0 : explain_wait_error(fd, error);
}

[[gnu::noinline]] int sleep_until_change(int fd, int changes, std::int64_t deadline,
                                         siginfo_t& info, uapi::rusage* usage) noexcept {
    if (deadline == abi::never) {
        const int error = sys::waitid(fd, info, changes | any_child, usage);
        if (error != 0 && error != EAGAIN)
            return explain_wait_error(fd, error);
        if (error == 0 && info.si_pid != 0)
            return 0;
        // The pidfd is in non-blocking mode. The mode is not changed, as others may share it.
    }
    // Only the end can be polled for.
    const bool can_poll = (changes & (WSTOPPED | WCONTINUED)) == 0;
    bool polled = !can_poll;
    for (backoff pauses(shortest_pause, longest_pause);;) {
        if (const int error = look_for_change(fd, changes, info, usage);
            error != 0 || info.si_pid != 0)
            return error;
        if (!polled) {
            // A process whose RLIMIT_NOFILE is 0 cannot poll: EMFILE.
            short events = 0;
            const int failed = sys::poll(fd, deadline, events);
            if (failed != 0 && failed != EMFILE)
                return failed;
            polled = true;
            continue;
        }
        // poll can report "ready" too early: for example, a tracer of the child may have to wait
        // for it first.
        bool over = false;
        if (const int failed = pauses.sleep(deadline, over); failed != 0 || over)
            return failed;
    }
}

/// Finds the status of a child that waitid does not find, as the kernel keeps it. Waits until the
/// child has ended, but not beyond the deadline.
int find_kept_status(int fd, std::int64_t deadline, bool& ended, int& status) noexcept {
    // The child was reaped elsewhere. Or SIGCHLD is ignored, and the child reaps itself: then it
    // may still run.
    for (backoff pauses(shortest_pause, longest_pause);;) {
        if (const int failed = identify::has_ended(fd, deadline, ended); failed != 0 || !ended)
            return failed;
        // This is checked first, because the kernel stores the status before the process shows as
        // reaped.
        bool reaped = false;
        (void)identify::is_reaped(fd, reaped);
        const int lost = info_ioctl::get_exit(fd, ended, status);
        if (lost == 0 && ended)
            return 0;
        if (lost == EREMOTE) // the kernel shows the status only in other pid namespaces
            return ECHILD;
        if (lost != 0 && is_answer(lost))
            return lost; // the kernel may still have the status, for the next call
        if (lost != 0 || reaped)
            return ECHILD;
        bool over = false;
        if (const int failed = pauses.sleep(deadline, over); failed != 0 || over)
            return failed;
    }
}

abi::child_usage_record to_record(const uapi::rusage& used) noexcept {
    constexpr std::int64_t per_second = 1'000'000'000;
    constexpr std::int64_t per_microsecond = 1'000;
    constexpr std::uint64_t kibibyte = 1024;
    const auto time = [](const uapi::rusage::time& t) noexcept {
        return t.seconds * per_second + t.microseconds * per_microsecond;
    };
    const auto count = [](uapi::rusage::word number) noexcept {
        return static_cast<std::uint64_t>(number);
    };
    return {abi::child_usage_record::has_usage,
            time(used.user),
            time(used.system),
            count(used.peak_resident) * kibibyte,
            count(used.minor_faults),
            count(used.major_faults),
            count(used.blocks_read),
            count(used.blocks_written),
            count(used.voluntary_switches),
            count(used.involuntary_switches)};
}

} // namespace

int wait_for_change(int fd, int changes, std::int64_t deadline, siginfo_t& info,
                    uapi::rusage* usage) noexcept {
    return deadline == abi::at_once ? look_for_change(fd, changes, info, usage)
                                    : sleep_until_change(fd, changes, deadline, info, usage);
}

int wait_for_end(int fd, int options, std::int64_t deadline, bool& ended, int& status,
                 uapi::rusage* usage) noexcept {
    siginfo_t info;
    if (const int error = wait_for_change(fd, WEXITED | options, deadline, info, usage); error != 0)
        return error;
    ended = info.si_pid != 0;
    if (ended)
        status = to_wait_status(info);
    return 0;
}

namespace abi {

int wait(int fd, std::int64_t deadline, bool& ended, int& status) noexcept {
    return wait_for_end(fd, 0, deadline, ended, status);
}

int wait_as_owner(int fd, std::int64_t deadline, bool& ended, int& status) noexcept {
    const int error = wait(fd, deadline, ended, status);
    return error != ECHILD ? error : find_kept_status(fd, deadline, ended, status);
}

int wait_as_owner_with_usage(int fd, std::int64_t deadline, bool& ended, int& status,
                             child_usage_record& usage, std::size_t size) noexcept {
    uapi::rusage used{};
    child_usage_record found{};
    int error = wait_for_end(fd, 0, deadline, ended, status, &used);
    if (error == 0 && ended)
        found = to_record(used);
    if (error == ECHILD)
        error = find_kept_status(fd, deadline, ended, status);
    if (error == 0)
        record::copy_out(found, usage, size);
    return error;
}

} // namespace abi
} // namespace pidfd_util
