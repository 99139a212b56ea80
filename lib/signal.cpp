// SPDX-License-Identifier: MIT
// send_signal.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>

#include <csignal>

namespace pidfd_util::abi {

int send_signal(int fd, int signal) noexcept {
    if (signal < 0 || signal >= NSIG)
        return EINVAL;
    // To the kernel, some negative numbers are the calling thread and its process: PIDFD_SELF_*.
    if (fd < 0)
        return EBADF;
    const int error = -sys::pidfd_send_signal(fd, signal, 0);
    switch (error) {
    case EBADF:
        return sys::is_open(fd) == 0 ? EBADFD : EBADF;
    case EINVAL: {
        // The signal is valid: the process is not in the caller's pid namespace or below, which the
        // kernel looks at before it sees whether the process lives.
        bool reaped = false;
        return identify::is_reaped(fd, reaped) == 0 && reaped ? ESRCH : EREMOTE;
    }
    default:
        return who_forbids(error, [] { return sys::pidfd_send_signal(-1, 0, 0); });
    }
}

} // namespace pidfd_util::abi
