// SPDX-License-Identifier: MIT
// send_signal, to the process or to another scope.
#include "send_signal.hpp"

#include "../choose/probe.hpp"
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <csignal>

namespace pidfd_util {

int check_signal_arguments(int fd, int signal) noexcept {
    if (signal < 0 || signal >= NSIG)
        return EINVAL;
    // The kernel takes some negative numbers as the calling thread and its process: PIDFD_SELF_*.
    return fd < 0 ? EBADF : 0;
}

int explain_signal_error(int fd, int error) noexcept {
    switch (error) {
    case EBADF:
        return identify::explain_bad_fd(fd);
    case EINVAL: {
        // The process is not in the caller's pid namespace or below it. The kernel checks this
        // before it checks whether the process was reaped.
        bool reaped = false;
        return identify::is_reaped(fd, reaped) == 0 && reaped ? ESRCH : EREMOTE;
    }
    default:
        return explain_denial(error, [] { return sys::pidfd_send_signal(-1, 0, 0); });
    }
}

namespace abi {

int send_signal(int fd, int signal) noexcept {
    if (const int error = check_signal_arguments(fd, signal); error != 0)
        return error;
    return explain_signal_error(fd, sys::pidfd_send_signal(fd, signal, 0));
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
    if (const int error = check_signal_arguments(fd, signal); error != 0)
        return error;
    const int error = sys::pidfd_send_signal(fd, signal, static_cast<unsigned>(scope));
    switch (error) {
    case EINVAL:
        // Linux before 6.9 has no scopes, and returns this.
        if (const int missing = probe::require(feature::signal_scope); missing != 0)
            return missing;
        break;
    case ESRCH:
        // Returned also if the process leads no group, which does not mean that it is gone.
        if (bool reaped = true;
            scope == signal_scope::process_group && identify::is_reaped(fd, reaped) == 0 && !reaped)
            return EINVAL;
        break;
    default:
        break;
    }
    return explain_signal_error(fd, error);
}

} // namespace abi
} // namespace pidfd_util
