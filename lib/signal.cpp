// SPDX-License-Identifier: MIT
// send_signal, its scopes, and queue_signal.
#include "answer.hpp"
#include "identify.hpp"
#include "probe.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>

#include <csignal>
#include <cstring>

namespace pidfd_util {

namespace {

int check_arguments(int fd, int signal) noexcept {
    if (signal < 0 || signal >= NSIG)
        return EINVAL;
    // To the kernel, some negative numbers are the calling thread and its process: PIDFD_SELF_*.
    return fd < 0 ? EBADF : 0;
}

/// What the kernel's errno means for a valid signal.
int explain_signal_error(int fd, int error) noexcept {
    switch (error) {
    case EBADF:
        return sys::open_flags(fd) >= 0 ? EBADFD : EBADF;
    case EINVAL: {
        // The process is not in the caller's pid namespace or below, which the kernel looks at
        // before it sees whether the process lives.
        bool reaped = false;
        return identify::is_reaped(fd, reaped) == 0 && reaped ? ESRCH : EREMOTE;
    }
    default:
        return who_forbids(error, [] { return sys::pidfd_send_signal(-1, 0, 0); });
    }
}

} // namespace

namespace abi {

int send_signal(int fd, int signal) noexcept {
    if (const int error = check_arguments(fd, signal); error != 0)
        return error;
    return explain_signal_error(fd, -sys::pidfd_send_signal(fd, signal, 0));
}

int send_signal_to(int fd, int signal, signal_scope scope) noexcept {
    switch (scope) {
    case signal_scope::thread:
    case signal_scope::thread_group:
    case signal_scope::process_group:
        break;
    default:
        return EINVAL;
    }
    if (const int error = check_arguments(fd, signal); error != 0)
        return error;
    const int error = -sys::pidfd_send_signal(fd, signal, static_cast<unsigned>(scope));
    switch (error) {
    case EINVAL:
        // Before Linux 6.9 there are no scopes, and this is how it says so.
        if (const int missing = probe::require(feature::signal_scope); missing != 0)
            return missing;
        break;
    case ESRCH:
        // Also of a process that leads no group, which must not be taken for one that is gone.
        if (bool reaped = true;
            scope == signal_scope::process_group && identify::is_reaped(fd, reaped) == 0 && !reaped)
            return EINVAL;
        break;
    default:
        break;
    }
    return explain_signal_error(fd, error);
}

int queue_signal(int fd, int signal, sigval value) noexcept {
    if (const int error = check_arguments(fd, signal); error != 0)
        return error;
    siginfo_t info;
    std::memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = sys::getpid();
    if (info.si_pid < 0)
        return sandboxed(-info.si_pid);
    if (const int error = sys::getuid(info.si_uid); error != 0)
        return sandboxed(-error);
    info.si_value = value;
    return explain_signal_error(fd, -sys::pidfd_queue_signal(fd, info));
}

} // namespace abi
} // namespace pidfd_util
