// SPDX-License-Identifier: MIT
// from_pid and from_self.
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Opens a pidfd; ENOENT for the id of a thread. Before Linux 6.16 the kernel returns EINVAL for
/// that, and also for a process that is gone if a process group or a session still has its number.
int open_process(pid_t pid, unique_fd& pidfd) noexcept {
    const int error = sys::pidfd_open(pid, 0, pidfd);
    if (error != EINVAL)
        return error;
    if (const int unused = sys::look_up_pid(pid); unused != 0)
        return unused;
    // The number is in use now. If it was free before, another process may have got it.
    const int again = sys::pidfd_open(pid, 0, pidfd);
    return again == EINVAL ? ENOENT : again;
}

} // namespace

namespace abi {

int open_self(int& fd) noexcept {
    unique_fd self;
    const int error = identify::open_self(self);
    if (error == 0)
        fd = self.release();
    return error;
}

int open_pid(pid_t pid, int& fd) noexcept {
    if (pid <= 0)
        return EINVAL;
    unique_fd made;
    const int error = open_process(pid, made);
    if (error == 0)
        fd = made.release();
    return error;
}

} // namespace abi
} // namespace pidfd_util
