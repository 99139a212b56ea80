// SPDX-License-Identifier: MIT
#include "../kernel/sys.hpp"
#include "send_signal.hpp"

#include <pidfd_util/abi.hpp>

#include <csignal>

namespace pidfd_util::abi {

int resend_signal(int fd, const siginfo_t& info) noexcept {
    if (const int error = check_signal_arguments(fd, info.si_signo); error != 0)
        return error;
    return explain_signal_error(fd, sys::pidfd_queue_signal(fd, info));
}

} // namespace pidfd_util::abi
