// SPDX-License-Identifier: MIT
#include "proc_root.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"
#include "beneath.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::proc_root {

int open(unique_fd& root) noexcept {
    switch (const int error = sys::openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, root); error) {
    case 0:
        break;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return EOPNOTSUPP;
    case EPERM:
    case EACCES:
        return ERFKILL;
    default:
        return error;
    }
    return check_procfs(root.get());
}

int check_procfs(int fd) noexcept {
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return explain_on_own_fd(explain_refusal(error));
    return magic == uapi::proc_super_magic ? 0 : EOPNOTSUPP;
}

int explain_entry(int error) noexcept {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return EOPNOTSUPP;
    case EPERM:
        return EACCES;
    case ESRCH: // the entry does not belong to a process, which could be gone
        return EIO;
    default:
        return error;
    }
}

int open_entry(int root, const char* path, int flags, unique_fd& file) noexcept {
    switch (const int error = beneath::open(root, path, flags, file); error) {
    case EXDEV:
    case ELOOP: // no entry that the library opens is a link, nor a file instead of a directory
    case ENOTDIR:
        return EOPNOTSUPP;
    default:
        return error;
    }
}

int open_file(int root, pid_t pid, const char* name, int flags, unique_fd& file) noexcept {
    text::numbered_path path;
    return path.set("", pid, name) ? open_entry(root, path.text, flags, file) : ENAMETOOLONG;
}

} // namespace pidfd_util::proc_root
