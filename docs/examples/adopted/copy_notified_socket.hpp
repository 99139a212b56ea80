// SPDX-License-Identifier: MIT
// Copies the socket of a process that waits for the answer to a seccomp notification, as WSL does by hand
// in GnsPortTracker.cpp, DuplicateSocketFd (commit 3e27a6a).
//
// The traps that this avoids: the notification has the id of a thread, which pidfd_open(2) refuses unless
// it is the first one of its process; and the thread may have ended, and its number may belong to
// another process.
#ifndef ADOPTED_COPY_NOTIFIED_SOCKET_HPP
#define ADOPTED_COPY_NOTIFIED_SOCKET_HPP

#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <linux/seccomp.h>
#include <optional>
#include <sys/ioctl.h>
#include <utility>

namespace adopted {

/// Returns a duplicate of the file descriptor `socket` of the thread that the notification is about.
/// `listener` is the file descriptor that the notification came from. Fails with `not_found` if the
/// thread has ended or has left the system call. Needs Linux 6.9, for the pidfd of a thread.
inline pidfd_util::expected<pidfd_util::unique_fd>
copy_notified_socket(int listener, const seccomp_notif& notification, int socket) {
    std::optional<pidfd_util::expected<pidfd_util::unique_fd>> copy;
    const auto copies = [&](pidfd_util::pidfd_view thread) -> pidfd_util::expected<bool> {
        copy.emplace(thread.get_remote_fd(socket));
        // Asked after the copy: while the notification is valid, nobody else has the number of the
        // thread, and the thread cannot have closed the socket.
        const bool valid = ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notification.id) == 0;
        if (!valid && errno != ENOENT)
            return pidfd_util::unexpected(std::error_code(errno, std::system_category()));
        return valid;
    };
    const auto thread = pidfd_util::pidfd::open_verified_thread(pid_t(notification.pid), copies);
    if (!thread)
        return pidfd_util::unexpected(thread.error());
    return std::move(*copy);
}

} // namespace adopted

#endif
