// SPDX-License-Identifier: MIT
// Messages over UNIX sockets that carry the sender's pidfd, and file descriptors.
#ifndef PIDFD_UTIL_MESSAGE_HPP
#define PIDFD_UTIL_MESSAGE_HPP

#include <pidfd_util/array_view.hpp>
#include <pidfd_util/peer.hpp>
#include <pidfd_util/storage.hpp>

#include <cstddef>
#include <optional>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// A message that was received over a UNIX socket.
struct [[nodiscard]] received_message {
    std::size_t size; ///< bytes that were stored; 0 also at the end of a stream
    bool truncated;   ///< the message had more data than fit, which is lost (MSG_TRUNC)
    /// The message had more file descriptors than were stored, and the others are closed. The
    /// storage was too small, or no file descriptor was left. Also set if a security label of more
    /// than 4096 bytes (SO_PASSSEC) took their place (MSG_CTRUNC).
    bool files_lost;
    std::size_t file_count; ///< file descriptors that were stored
    /// The sender's pid and real ids, or others that it has the right to choose: do not base a
    /// decision on them. If the message was sent before the request, the pid can be 0 and the ids
    /// 65534.
    std::optional<socket_credentials> creds;
    /// The process that sent the message (SCM_PIDFD), or the reason why it is not known: ENODATA if
    /// it was not requested when the message was sent; EMFILE or ENFILE if no file descriptor was
    /// left; ESRCH if the sender was reaped, before Linux 6.16; EMSGSIZE if a security label of more
    /// than 4096 bytes took its place. A sender that has CAP_SYS_ADMIN over its pid namespace can
    /// name any process of that namespace here and in `creds`. `peer_pidfd` cannot be forged, but it
    /// is the process that connected, which need not be the sender.
    expected<pidfd> sender;
};

/// Asks the kernel to add the sender's pidfd and ids to each message that this socket receives or,
/// if `wanted` is false, to stop adding them. Only messages that are sent after the call have them:
/// call it before a peer can send. A socket that accept(2) returns inherits the request from the
/// listening socket. If the call fails, the socket is as before. As long as the request is set, the
/// kernel gives a socket without a name an abstract name when it connects or sends: see "Autobind
/// feature" in unix(7).
/// Linux 6.5. See unix(7), SO_PASSPIDFD, SO_PASSCRED.
///
/// \errors
/// | errno        | `pidfd_errc`           | when |
/// | ------------ | ---------------------- | ---- |
/// | EAFNOSUPPORT |                        | `socket` is not a UNIX socket |
/// | EOPNOTSUPP   | `unsupported`          | before Linux 6.5 |
/// | ENOSYS       | `unsupported`          | a sandbox imitates a kernel without getsockopt(2) or setsockopt(2), or claims a success that it made up |
/// | ERFKILL      | `forbidden_by_sandbox` | a sandbox refuses getsockopt(2) or setsockopt(2) |
/// | EBADF        |                        | `socket` is closed |
/// | ENOTSOCK     |                        | `socket` is not a socket |
/// | ENOMEM       |                        | the kernel is out of memory |
/// | EIO          |                        | a call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<void> request_senders(int socket, bool wanted = true) noexcept {
    return detail::result(abi::request_senders(socket, wanted));
}

/// Receives a message: up to `size` bytes of data into `data`, and the file descriptors that it
/// carries into `files`, whose former content is closed. All file descriptors have close-on-exec
/// set. None leaks, even if there is no place for it or the call fails. Check a received pidfd
/// with `pidfd::adopt`. `flags` are those of recvmsg(2), for example MSG_DONTWAIT. With MSG_PEEK, the
/// message stays, and each call makes new file descriptors. Unless the socket is in non-blocking
/// mode, the function waits for a message, even if signals interrupt it. It uses up to 6 KiB of
/// stack.
/// See recvmsg(2), unix(7), SCM_RIGHTS, SCM_PIDFD.
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | EAGAIN     |                        | there is no message, and the call must not wait; or a seccomp filter interrupts it each time |
/// | ENOTCONN   |                        | the socket is not connected |
/// | ECONNRESET |                        | the peer closed the socket, and has not read all data |
/// | EINVAL     |                        | the socket is listening, or is a stream that is not connected, or does not have the flag MSG_OOB |
/// | EBADF      |                        | `socket` is closed |
/// | ENOTSOCK   |                        | `socket` is not a socket |
/// | EFAULT     |                        | `data` is not valid memory |
/// | EOPNOTSUPP |                        | `flags` has a flag that the socket does not have |
/// | ENOSYS     | `unsupported`          | a sandbox imitates a kernel without recvmsg(2), or claims a success that it made up |
/// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses recvmsg(2) |
/// | ENOMEM     |                        | the kernel is out of memory |
/// | EIO        |                        | the call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<received_message> receive_message(int socket, void* data,
                                                                std::size_t size,
                                                                storage<unique_fd> files = {},
                                                                int flags = 0) noexcept {
    abi::message_record record{};
    const int error = abi::receive_message(socket, record, sizeof record, data, size, files.data(),
                                           files.size(), flags);
    if (error != 0)
        return detail::failure(error);
    using has = abi::message_record;
    received_message message{record.size,
                             (record.filled & has::truncated) != 0,
                             (record.filled & has::files_lost) != 0,
                             record.file_count,
                             {},
                             detail::owned<pidfd>(record.sender_error, record.sender)};
    if ((record.filled & has::has_creds) != 0)
        message.creds = socket_credentials{record.pid, record.uid, record.gid};
    return message;
}

/// Sends a message over a UNIX socket, with duplicates of up to 253 file descriptors, such as pidfds.
/// On a stream, the message needs at least one byte of data to carry them. `flags` are those of
/// sendmsg(2); MSG_NOSIGNAL is always added. Returns the number of bytes that were sent. On a stream
/// that can be fewer than `size`; the file descriptors were sent with the first byte.
/// See sendmsg(2), unix(7), SCM_RIGHTS.
///
/// \errors
/// | errno       | `pidfd_errc`           | when |
/// | ----------- | ---------------------- | ---- |
/// | EAGAIN      |                        | the message cannot be sent now, and the call must not wait; or a seccomp filter interrupts it each time |
/// | EPIPE, ECONNRESET, ECONNREFUSED, ENOTCONN | | the peer has closed its socket, or the socket is not connected |
/// | EDESTADDRREQ |                       | a datagram socket without a peer |
/// | EMSGSIZE, ENOBUFS |                  | the message is too long |
/// | EINVAL      |                        | there are more than 253 file descriptors |
/// | EBADF       |                        | `socket` or one of `files` is closed |
/// | ENOTSOCK    |                        | `socket` is not a socket |
/// | ETOOMANYREFS |                       | more file descriptors than RLIMIT_NOFILE are under way, or sockets are nested too deeply |
/// | EFAULT      |                        | `data` is not valid memory |
/// | EOPNOTSUPP  |                        | `flags` has a flag that the socket does not have |
/// | EPERM, EACCES |                      | a security module refuses the message |
/// | ENOSYS      | `unsupported`          | a sandbox imitates a kernel without sendmsg(2), or claims a success that it made up |
/// | ERFKILL     | `forbidden_by_sandbox` | a sandbox refuses sendmsg(2) |
/// | ENOMEM      |                        | the kernel is out of memory |
/// | EIO         |                        | the call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<std::size_t> send_message(int socket, const void* data,
                                                        std::size_t size,
                                                        array_view<int> files = {},
                                                        int flags = 0) noexcept {
    std::size_t sent{};
    const int error =
        abi::send_message(socket, sent, data, size, files.begin(), files.size(), flags);
    return detail::result(error, sent);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
