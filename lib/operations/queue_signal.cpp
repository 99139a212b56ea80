// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "send_signal.hpp"

#include <pidfd_util/abi.hpp>

#include <csignal>
#include <cstring>

namespace pidfd_util::abi {

int queue_signal(int fd, int signal, sigval value) noexcept {
    if (const int error = check_signal_arguments(fd, signal); error != 0)
        return error;
    siginfo_t info;
    std::memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    if (const int error = sys::getpid(info.si_pid); error != 0)
        return explain_denial(error);
    if (const int error = sys::getuid(info.si_uid); error != 0)
        return explain_denial(error);
    info.si_value = value;
    return explain_signal_error(fd, sys::pidfd_queue_signal(fd, info));
}

} // namespace pidfd_util::abi
