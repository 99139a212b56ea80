// SPDX-License-Identifier: MIT
#include "procfs.hpp"

#include "answer.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util::procfs {

int open_root(unique_fd& root) noexcept {
    const int fd = sys::openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    switch (-fd) {
    case ENOENT:
    case ENOTDIR:
        return EOPNOTSUPP;
    case EPERM:
    case EACCES:
        return ERFKILL;
    default:
        if (fd < 0)
            return -fd;
    }
    root.reset(fd);
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return refusal(-error);
    return magic == uapi::proc_super_magic ? 0 : EOPNOTSUPP;
}

int open_file(int root, pid_t pid, const char* name, int flags, unique_fd& file) noexcept {
    char path[10 + sizeof "/ns/time_for_children"];
    char* const slash = std::to_chars(path, path + 10, pid).ptr;
    const std::size_t length = std::strlen(name);
    if (length + 2 > static_cast<std::size_t>(path + sizeof path - slash))
        return ENAMETOOLONG; // no name of this library's
    *slash = '/';
    std::memcpy(slash + 1, name, length + 1);
    const int fd = sys::openat(root, path, flags);
    if (fd < 0)
        return -fd;
    file.reset(fd);
    return 0;
}

int process::open(int pidfd) noexcept {
    if (const int error = open_root(root_); error != 0)
        return error;
    // Its number was free a moment ago: what was asked about is closed.
    if (root() == pidfd) {
        root_.reset();
        return EBADF;
    }
    const int error = fdinfo_.open(root(), pidfd);
    // A caller that is not dumpable could not read its own fdinfo before Linux 5.14. That the process
    // is gone can be told all the same.
    if (error == EACCES && sys::pidfd_send_signal(pidfd, 0, 0) == -ESRCH)
        return ESRCH;
    return error != 0 ? error : fdinfo_.read(shown_);
}

int process::check() const noexcept {
    fdinfo::record now{};
    if (const int error = fdinfo_.read(now); error != 0)
        return error;
    return now.pid == shown_.pid ? 0 : ESRCH;
}

int process::settle(int error) const noexcept {
    if (const int gone = check(); gone != 0)
        return gone;
    switch (error) {
    case ENOENT:
    case ESRCH:
    case EPERM:
        return EACCES; // hidden from the caller: hidepid= says ENOENT or EPERM
    default:
        return error;
    }
}

} // namespace pidfd_util::procfs
