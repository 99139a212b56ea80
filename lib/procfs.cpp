// SPDX-License-Identifier: MIT
#include "procfs.hpp"

#include "answer.hpp"
#include "beneath.hpp"
#include "sys.hpp"
#include "text.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <limits>
#include <poll.h>
#include <utility>

namespace pidfd_util::procfs {

int open_root(unique_fd& root) noexcept {
    const int fd = sys::openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    switch (-fd) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
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
    if (const int error = -sys::filesystem_magic(fd, magic); error != 0)
        return on_own_fd(refusal(error));
    return magic == uapi::proc_super_magic ? 0 : EOPNOTSUPP;
}

int open_file(int root, pid_t pid, const char* name, int flags, unique_fd& file) noexcept {
    text::numbered_path path;
    return path.set("", pid, name) ? open_entry(root, path.text, flags, file) : ENAMETOOLONG;
}

int open_entry(int root, const char* path, int flags, unique_fd& file) noexcept {
    switch (const int error = beneath::open(root, path, flags, file); error) {
    case EXDEV:
    case ELOOP: // no such entry of /proc is a link, or a file where a directory is looked for
    case ENOTDIR:
        return EOPNOTSUPP;
    default:
        return error;
    }
}

namespace {

/// Whether poll says that the process has not ended. The kernel says POLLNVAL about a number that
/// cannot be open; a seccomp filter that answers in the kernel's place says nothing about it.
bool polls_as_running(int pidfd) noexcept {
    constexpr int never_open = std::numeric_limits<int>::max();
    struct pollfd set[] = {{pidfd, POLLIN, 0}, {never_open, POLLIN, 0}};
    return sys::poll(set, std::size(set), 0) == 1 && set[0].revents == 0 &&
           set[1].revents == POLLNVAL;
}

/// Returns 0 if the process was not reaped yet, as poll or signal 0 tells. `pidfd` is a pidfd.
int prove_not_reaped(int pidfd) noexcept {
    if (polls_as_running(pidfd))
        return 0;
    const int error = -sys::pidfd_send_signal(pidfd, 0, 0);
    switch (error) {
    case 0:
    case EPERM: {
        // A seccomp filter can say both about everything. The kernel says EBADF about fd -1.
        const int control = -sys::pidfd_send_signal(-1, 0, 0);
        if (control == EBADF)
            return 0;
        return control == EPERM ? ERFKILL : EOPNOTSUPP;
    }
    case ESRCH:
        return ESRCH;
    case EINVAL: // not in the caller's pid namespace or below: nothing can be proved
        return EREMOTE;
    default:
        return refusal(error);
    }
}

} // namespace

int process::open(int pidfd) noexcept {
    const int error = open_unproved(pidfd);
    return error != 0 ? error : prove();
}

int process::open_unproved(int pidfd) noexcept {
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
    if (error != 0)
        return error;
    pidfd_ = pidfd;
    return fdinfo_.read(shown_);
}

int process::follow_link(const char* name, unique_fd& target) const noexcept {
    text::numbered_path path;
    if (!path.set("", shown_.pid, name))
        return ENAMETOOLONG;
    unique_fd found(sys::openat(root(), path.text, O_RDONLY));
    if (!found)
        return -found.get();
    target = std::move(found);
    return 0;
}

int process::prove() const noexcept {
    // Before Linux 5.5 fdinfo has no NSpid, and keeps showing the number once the process was
    // reaped.
    return shown_.nspid.count != 0 ? 0 : prove_not_reaped(pidfd_);
}

int process::check() const noexcept {
    fdinfo::record now{};
    if (const int error = fdinfo_.read(now); error != 0)
        return error;
    return now.pid == shown_.pid ? prove() : ESRCH;
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
