// SPDX-License-Identifier: MIT
// wait and its relatives: what waitid and poll tell.
#include "wait.hpp"

#include "answer.hpp"
#include "identify.hpp"
#include "info_ioctl.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>

#include <algorithm>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

/// Children of every kind: also those that tell their end by another signal than SIGCHLD.
constexpr int any_child = uapi::wait_all;

// Of looking again where nothing can be polled for; nanoseconds.
constexpr std::int64_t shortest_pause = 1'000'000;
constexpr std::int64_t longest_pause = 64 * shortest_pause;

int to_wait_status(const siginfo_t& info) noexcept {
    const auto status = state_change(info.si_code, info.si_status).ended();
    return status ? status->wait_status() : 0;
}

/// waitid's errno, with the reason behind it.
int explain_wait_error(int fd, int error) noexcept {
    switch (error) {
    case EBADF:
    case ENOSYS:
    case ERFKILL:
        return identify::fault_or(fd, error);
    case EINVAL: // the options are good: before Linux 5.4 this is no kind of id
        return identify::fault_or(fd, EOPNOTSUPP);
    default:
        return error;
    }
}

/// Waits for a change until the deadline; `si_pid` is 0 where there was none.
int wait_until(int fd, int changes, std::int64_t deadline, siginfo_t& info) noexcept {
    if (deadline == abi::never) {
        const int error = -sys::waitid(fd, info, changes | any_child);
        if (error != 0 && error != EAGAIN)
            return explain_wait_error(fd, error);
        if (error == 0 && info.si_pid != 0)
            return 0;
        // The pidfd is in non-blocking mode, which is not changed: others may share it.
    }
    // Only the end can be polled for.
    const bool can_poll = (changes & (WSTOPPED | WCONTINUED)) == 0;
    std::int64_t pause = can_poll ? 0 : shortest_pause;
    for (;;) {
        const int error = -sys::waitid(fd, info, changes | any_child | WNOHANG);
        if (error != 0)
            return explain_wait_error(fd, error);
        std::int64_t now = 0;
        if (info.si_pid != 0 || deadline == abi::at_once)
            return 0;
        if (const int unknown = -sys::now(now); unknown != 0 || now >= deadline)
            return unknown;
        if (pause == 0) {
            // A process that may have no file descriptor cannot poll either.
            if (const int events = sys::poll(fd, deadline); events < 0 && events != -EMFILE)
                return -events;
            pause = shortest_pause;
            continue;
        }
        // Readiness was only a hint: a tracer of the child may have to wait for it first, say.
        if (const int awake = -sys::sleep(std::min(pause, deadline - now)); awake != 0)
            return awake;
        pause = std::min(2 * pause, longest_pause);
    }
}

} // namespace

int wait_for_end(int fd, int options, std::int64_t deadline, bool& ended, int& status) noexcept {
    siginfo_t info;
    if (const int error = wait_until(fd, WEXITED | options, deadline, info); error != 0)
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
    if (error != ECHILD)
        return error;
    // Reaped elsewhere; or it reaps itself, because SIGCHLD is ignored, and may live yet.
    for (std::int64_t pause = shortest_pause;; pause = std::min(2 * pause, longest_pause)) {
        if (const int unknown = identify::has_ended(fd, deadline, ended); unknown != 0 || !ended)
            return unknown;
        // Asked first: the kernel keeps the status before the process shows as reaped.
        bool reaped = false;
        (void)identify::is_reaped(fd, reaped);
        const int lost = info_ioctl::get_exit(fd, ended, status);
        if (lost == 0 && ended)
            return 0;
        if (lost != 0 && is_answer(lost))
            return lost; // the status may still be there to be asked for
        if (lost != 0 || reaped)
            return ECHILD;
        std::int64_t now = 0;
        if (deadline == at_once)
            return 0;
        if (const int unknown = -sys::now(now); unknown != 0 || now >= deadline)
            return unknown;
        if (const int awake = -sys::sleep(std::min(pause, deadline - now)); awake != 0)
            return awake;
    }
}

int wait_change(int fd, wait_flags changes, std::int64_t deadline, bool& changed, int& code,
                int& status) noexcept {
    siginfo_t info;
    const auto options = static_cast<int>(changes);
    constexpr int kinds = WEXITED | WSTOPPED | WCONTINUED;
    if ((options & kinds) == 0 || (options & ~(kinds | WNOWAIT)) != 0)
        return EINVAL;
    if (const int error = wait_until(fd, options, deadline, info); error != 0)
        return error;
    changed = info.si_pid != 0;
    code = info.si_code;
    status = info.si_status;
    return 0;
}

int wait_exit(int fd, std::int64_t deadline, bool& ended) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    return identify::has_ended(fd, deadline, ended);
}

int is_alive(int fd, bool& alive) noexcept {
    bool ended = false;
    const int error = wait_exit(fd, at_once, ended);
    if (error == 0)
        alive = !ended;
    return error;
}

} // namespace abi
} // namespace pidfd_util
