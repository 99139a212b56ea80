// SPDX-License-Identifier: MIT
#include "../kernel/sys.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Explains that getppid returned 0. The information about the calling process itself shows whether
/// the kernel or a filter returned it.
int explain_no_parent() noexcept {
    int fd = -1;
    if (const int error = abi::open_self(fd); error != 0)
        return error;
    const unique_fd self(fd);
    pid_t parent = 0;
    const int error = abi::get_ppid(self.get(), parent, nullptr);
    return error == 0 ? EOPNOTSUPP : error;
}

int open_verified_parent(unique_fd& parent) noexcept {
    pid_t pid = 0;
    if (const int error = sys::getppid(pid); error != 0)
        return error;
    constexpr int attempts = 100;
    for (int i = 0; i < attempts; ++i) {
        // The kernel can also return 0 if it reaps the parent at that moment.
        const int opened = pid == 0 ? explain_no_parent() : sys::pidfd_open(pid, 0, parent);
        // If getppid still returns this pid, the process that was opened is the parent. The parent
        // was not reaped in between: the caller would have got a new parent before that, and a new
        // parent cannot have the old one's pid, because it existed before the old one ended.
        pid_t now = 0;
        if (const int error = sys::getppid(now); error != 0)
            return error;
        if (now == pid)
            return opened == ESRCH || opened == EINVAL || opened == ENOENT ? EIO : opened;
        pid = now;
    }
    return EAGAIN;
}

} // namespace

int abi::open_parent(int& fd) noexcept {
    unique_fd parent;
    const int error = open_verified_parent(parent);
    if (error == 0)
        fd = parent.release();
    return error;
}

} // namespace pidfd_util
