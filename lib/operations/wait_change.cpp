// SPDX-License-Identifier: MIT
#include "wait.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <sys/wait.h>

namespace pidfd_util::abi {

int wait_change(int fd, wait_flags changes, std::int64_t deadline, bool& changed, int& code,
                int& status) noexcept {
    siginfo_t info;
    const auto options = static_cast<int>(changes);
    constexpr int kinds = WEXITED | WSTOPPED | WCONTINUED;
    if ((options & kinds) == 0 || (options & ~(kinds | WNOWAIT)) != 0)
        return EINVAL;
    if (const int error = wait_for_change(fd, options, deadline, info); error != 0)
        return error;
    changed = info.si_pid != 0;
    code = info.si_code;
    status = info.si_status;
    return 0;
}

} // namespace pidfd_util::abi
