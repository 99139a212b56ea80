// SPDX-License-Identifier: MIT
// from_tid and is_thread.
#include "../choose/probe.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util::abi {

int open_tid(pid_t tid, int& fd) noexcept {
    if (tid <= 0)
        return EINVAL;
    unique_fd thread;
    switch (const int error = sys::pidfd_open(tid, uapi::pidfd_thread, thread); error) {
    case 0:
        fd = thread.release();
        return 0;
    case EINVAL: // the flag is unknown; or, before Linux 6.16, there is no such thread
    case ENOENT: {
        const int missing = probe::require(feature::thread);
        return missing != 0 ? missing : ESRCH;
    }
    default:
        return error;
    }
}

int is_thread(int fd, bool& thread) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    int flags = 0;
    const int error = sys::open_flags(fd, flags);
    thread = (static_cast<unsigned>(flags) & uapi::pidfd_thread) != 0;
    return error;
}

} // namespace pidfd_util::abi
