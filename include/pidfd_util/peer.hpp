// SPDX-License-Identifier: MIT
// The process at the other end of a UNIX socket.
#ifndef PIDFD_UTIL_PEER_HPP
#define PIDFD_UTIL_PEER_HPP

#include <pidfd_util/array_view.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/storage.hpp>

#include <optional>
#include <string_view>

namespace pidfd_util {

/// The ids of a process as a socket shows them, translated into the caller's namespaces.
struct socket_credentials {
    pid_t pid; ///< 0 if the process has no pid in the caller's pid namespace
    uid_t uid; ///< the user id; 65534 if it is not mapped in the caller's user namespace
    gid_t gid; ///< the group id; 65534 if it is not mapped
};

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// The peer of a socket at the time of connect(2), listen(2) or socketpair(2).
struct [[nodiscard]] peer {
    pidfd process;            ///< the process, which may have ended
    socket_credentials creds; ///< its effective ids at that time; later changes do not show here
    /// Its supplementary groups at that time, in the caller's storage. An empty optional if there was
    /// no storage.
    std::optional<array_view<gid_t>> groups;
    /// Its security label at that time, in the caller's storage, without a null character at the
    /// end. An empty optional if there was no storage, or if no security module gives labels to
    /// sockets.
    std::optional<std::string_view> label;
};

/// Opens the process at the other end of a UNIX socket. For a socket that accept(2) returned, this is
/// the process that called connect(2). For a socket that called connect(2), it is the process that
/// had called listen(2) last. For a socket of socketpair(2), it is the process that made the pair.
/// The peer stays the same when the socket is inherited or passed on. So another process may have
/// the other end by now. The process may have ended: check it again when you carry out a
/// decision. The result has close-on-exec set.
/// Linux 6.5. See unix(7), SO_PEERPIDFD.
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | ENOTCONN   |                        | this socket has no peer: it is not connected, it is listening, it is a datagram socket that does not come from socketpair(2), or it is not a UNIX socket |
/// | ESRCH      | `not_found`            | the peer was reaped, before Linux 6.16; later kernels still open it |
/// | EOPNOTSUPP | `unsupported`          | before Linux 6.5 |
/// | ENOSYS     | `unsupported`          | a sandbox imitates a kernel without getsockopt(2), or claims a success that it made up |
/// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses getsockopt(2) |
/// | EBADF      |                        | `socket` is closed |
/// | ENOTSOCK   |                        | `socket` is not a socket |
/// | EMFILE, ENFILE |                    | no file descriptor left |
/// | ENOMEM     |                        | the kernel is out of memory |
/// | EIO        |                        | the call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<pidfd> peer_pidfd(int socket) noexcept {
    return detail::open<pidfd>(abi::peer_pidfd, socket);
}

/// Opens the process that now has the pid that the socket's peer had. If the peer has ended, and its
/// pid was reused, **the result is another process**. Do not base a decision about rights on it. Use
/// it only on kernels before Linux 6.5, which cannot open the peer itself.
/// Linux 5.3. See unix(7), SO_PEERCRED, pidfd_open(2).
///
/// \errors
/// | errno    | `pidfd_errc`           | when |
/// | -------- | ---------------------- | ---- |
/// | ENOTCONN |                        | this socket has no peer |
/// | ESRCH    | `not_found`            | no process has the pid any more |
/// | ENOENT   |                        | the number is now the id of a thread other than the first one of its process |
/// | EREMOTE  | `foreign_namespace`    | the peer has no pid in the caller's pid namespace |
/// | ENOSYS   | `unsupported`          | this kernel or sandbox has no pidfd_open(2); or as for `peer_pidfd` |
/// | ERFKILL  | `forbidden_by_sandbox` | a sandbox refuses getsockopt(2) or pidfd_open(2) |
/// | EBADF    |                        | `socket` is closed |
/// | ENOTSOCK |                        | `socket` is not a socket |
/// | EMFILE, ENFILE |                  | no file descriptor left |
/// | ENOMEM   |                        | the kernel is out of memory |
/// | EIO      |                        | the call failed with an errno that the kernel never returns for it |
[[nodiscard]] inline expected<pidfd> unverified_peer_pidfd(int socket) noexcept {
    return detail::open<pidfd>(abi::unverified_peer_pidfd, socket);
}

/// Returns the process at the other end of a UNIX socket, as `peer_pidfd` does, together with the
/// ids that the kernel recorded at the same time. All parts of the result are about one process. If
/// there is no storage for the groups or for the label, the function does not ask for them. A
/// process has at most 65536 groups. Storage of 4096 characters has space for the labels of all
/// usual security modules.
/// Linux 6.5. See unix(7), SO_PEERPIDFD, SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC.
///
/// \errors as for `peer_pidfd`, and
/// | errno  | when |
/// | ------ | ---- |
/// | ERANGE | the groups or the label do not fit into their storage |
[[nodiscard]] inline expected<peer> get_peer(int socket, storage<gid_t> groups = {},
                                             storage<char> label = {}) noexcept {
    abi::peer_record record{};
    const int error = abi::get_peer(socket, record, sizeof record, groups.data(), groups.size(),
                                    label.data(), label.size());
    if (error != 0)
        return detail::failure(error);
    auto process = detail::owned<pidfd>(0, record.fd);
    peer result{(std::move)(*process), {record.pid, record.uid, record.gid}, {}, {}};
    if ((record.filled & abi::peer_record::has_groups) != 0)
        result.groups = array_view<gid_t>(groups.data(), record.group_count);
    if ((record.filled & abi::peer_record::has_label) != 0)
        result.label = std::string_view(label.data(), record.label_size);
    return result;
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
