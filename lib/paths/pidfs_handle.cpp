// SPDX-License-Identifier: MIT
#include "pidfs_handle.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "identify.hpp"

#include <cerrno>

namespace pidfd_util::pidfs_handle {

namespace {

/// Opens the handle relative to pidfs: by a number that stands for it since Linux 6.17, or by any file
/// on it, such as the pidfd of the calling process. Opens that pidfd if it is needed.
int open_on_pidfs(std::uint64_t inode, unique_fd& self, unique_fd& process) noexcept {
    const int error = sys::open_by_handle(uapi::pidfs_root, inode, process);
    if (error != EBADF)
        return error;
    if (!self)
        if (const int unopened = identify::open_self(self); unopened != 0)
            return unopened;
    return sys::open_by_handle(self.get(), inode, process);
}

/// Opens the calling process by its handle. If this succeeds, a failure is an answer about another
/// process. Older kernels answer ESTALE for every handle.
int open_own_handle() noexcept {
    unique_fd self;
    unique_fd again;
    std::uint64_t id = 0;
    int mount = 0;
    if (const int error = identify::open_self(self); error != 0)
        return error;
    if (const int error = sys::file_handle(self.get(), id, mount); error != 0)
        return error;
    return open_on_pidfs(id, self, again);
}

/// Explains EPERM: Linux 6.9 to 6.13, where pidfds have no handles, want CAP_DAC_READ_SEARCH; or a filter
/// has answered. Only name_to_handle_at shows whether they have handles. If that is refused too, the
/// same call on fd -1 decides, although Linux 6.9 and 6.10 look at the right before they look at the fd.
int explain_denied_open(std::uint64_t inode) noexcept {
    unique_fd self;
    int error = identify::open_self(self);
    if (error == 0) {
        std::uint64_t id = 0;
        int mount = 0;
        error = sys::file_handle(self.get(), id, mount);
    }
    switch (error) {
    case 0:
        return ERFKILL;
    case EOPNOTSUPP:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return error;
    default:
        break;
    }
    unique_fd none;
    return sys::open_by_handle(-1, inode, none) == EBADF ? EOPNOTSUPP : ERFKILL;
}

/// Explains that there is no such process.
int explain_absence() noexcept {
    switch (const int error = open_own_handle(); error) {
    case 0:
        return ESRCH;
    case ERFKILL:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return error;
    case ESRCH: // the calling process exists: a filter
        return EIO;
    default:
        return EOPNOTSUPP;
    }
}

} // namespace

path_result open(std::uint64_t inode, unique_fd& process) noexcept {
    unique_fd self;
    const int error = open_on_pidfs(inode, self, process);
    self.reset(); // it may be the last free file descriptor
    switch (error) {
    case 0:
        return 0;
    case ESTALE:
    case ESRCH:
        return explain_absence();
    case EPERM:
        return explain_denied_open(inode);
    case EINVAL:
    case EBADF:
    case ENOSYS:
        return EOPNOTSUPP;
    default:
        return error;
    }
}

} // namespace pidfd_util::pidfs_handle
