// SPDX-License-Identifier: MIT
#include "procfs.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>

namespace pidfd_util::procfs {

namespace {

/// Returns 0 if poll or signal 0 proves that the process was not reaped. `pidfd` is a pidfd.
int prove_not_reaped(int pidfd) noexcept {
    bool runs = false;
    if (sys::poll_quiet(pidfd, POLLIN, runs) == 0 && runs)
        return 0;
    const int error = sys::pidfd_send_signal(pidfd, 0, 0);
    switch (error) {
    case 0:
    case EPERM: {
        // A seccomp filter can answer both to every call. The kernel returns EBADF for fd -1.
        const int control = sys::pidfd_send_signal(-1, 0, 0);
        if (control == EBADF)
            return 0;
        return control == EPERM ? ERFKILL : EOPNOTSUPP;
    }
    case ESRCH:
        return ESRCH;
    case EINVAL: // not in the caller's pid namespace or below it: there is no proof
        return EREMOTE;
    default:
        return explain_refusal(error);
    }
}

} // namespace

int process::open(int pidfd) noexcept {
    const int error = open_unproved(pidfd);
    return error != 0 ? error : prove();
}

int process::open_unproved(int pidfd) noexcept {
    if (const int error = proc_root::open(root_); error != 0)
        return error;
    // openat returned the number of the pidfd, which must have been closed before.
    if (root() == pidfd) {
        root_.reset();
        return EBADF;
    }
    const int error = fdinfo_.open(root(), pidfd);
    // Before Linux 5.14, an undumpable caller cannot read its own fdinfo. A signal still shows that
    // the process was reaped.
    if (error == EACCES && sys::pidfd_send_signal(pidfd, 0, 0) == ESRCH)
        return ESRCH;
    if (error != 0)
        return error;
    pidfd_ = pidfd;
    return fdinfo_.read(shown_);
}

int process::follow_link(const char* name, int flags, unique_fd& target) const noexcept {
    text::numbered_path path;
    if (!path.set("", shown_.pid, name))
        return ENAMETOOLONG;
    // O_NONBLOCK: if a FIFO is mounted over the link, the open must not wait for a writer.
    switch (const int error = sys::open_in_proc(root(), path.text, flags | O_NONBLOCK, target);
            error) {
    case ELOOP: // /proc is mounted with "nosymfollow"
        return EOPNOTSUPP;
    case ENOTDIR: // the path leads through directories only
        return EIO;
    default:
        return error;
    }
}

int process::prove() const noexcept {
    // Before Linux 5.5, fdinfo has no NSpid and still shows the number after the process was
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
        return EACCES; // hidden from the caller: hidepid= returns ENOENT or EPERM
    default:
        return error;
    }
}

} // namespace pidfd_util::procfs
