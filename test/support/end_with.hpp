// SPDX-License-Identifier: MIT
// A child that no end of its parent leaves behind.
#pragma once

#include <csignal>
#include <sys/prctl.h>
#include <unistd.h>

namespace support {

/// Makes the calling child end when the thread that has forked it ends, also if that has happened
/// already. `parent` is the pid of its process, taken before the fork.
inline void end_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // 0: the parent is in another pid namespace, so that it is not known whether it has ended.
    if (const pid_t now = getppid(); now != parent && now != 0)
        _exit(0);
}

} // namespace support
