// SPDX-License-Identifier: MIT
// wait, try_wait and is_alive.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>

#include <algorithm>
#include <limits>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

// Children of every kind: also those that tell their end by another signal than SIGCHLD.
constexpr int options = WEXITED | uapi::wait_all;

int to_wait_status(const siginfo_t& info) noexcept {
    switch (info.si_code) {
    case CLD_EXITED:
        return (info.si_status & 0xff) << 8;
    case CLD_DUMPED:
        return (info.si_status & 0x7f) | 0x80;
    default:
        return info.si_status & 0x7f;
    }
}

/// waitid's errno, with the reason behind it.
int explain(int fd, int error) noexcept {
    switch (error) {
    case EBADF:
    case EINVAL:
    case ENOSYS:
    case EPERM:
    case EACCES:
        break;
    default:
        return error;
    }
    if (const int bad = identify::check(fd); bad == EBADF || bad == EBADFD)
        return bad;
    if (error == EINVAL) // the options are good: before Linux 5.4 this is no kind of id
        return EOPNOTSUPP;
    return who_forbids(error, [] {
        siginfo_t info;
        return sys::waitid(std::numeric_limits<int>::max(), info, options | WNOHANG);
    });
}

} // namespace

namespace abi {

int wait(int fd, int& status) noexcept {
    constexpr int longest_pause = 64; // milliseconds
    int pause = 0;
    for (;;) {
        siginfo_t info;
        const int error = -sys::waitid(fd, info, options);
        if (error == 0 && info.si_pid != 0) {
            status = to_wait_status(info);
            return 0;
        }
        if (error != 0 && error != EAGAIN)
            return explain(fd, error);
        // In non-blocking mode. Whether that is so is not changed: others may share it.
        if (const int events = sys::poll(fd, -1); events < 0)
            return -events;
        // Readiness is no promise: a tracer of the child may have to wait for it first.
        if (pause != 0)
            sys::sleep(pause);
        pause = std::clamp(pause * 2, 1, longest_pause);
    }
}

int try_wait(int fd, bool& ended, int& status) noexcept {
    siginfo_t info;
    const int error = -sys::waitid(fd, info, options | WNOHANG);
    if (error != 0)
        return explain(fd, error);
    ended = info.si_pid != 0;
    if (ended)
        status = to_wait_status(info);
    return 0;
}

int is_alive(int fd, bool& alive) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    bool ended = false;
    const int error = identify::has_ended(fd, ended);
    if (error == 0)
        alive = !ended;
    return error;
}

} // namespace abi
} // namespace pidfd_util
