// SPDX-License-Identifier: MIT
// peer_pidfd, unverified_peer_pidfd and get_peer.
#include "../kernel/explain.hpp"
#include "../kernel/sys_socket.hpp"
#include "../kernel/uapi.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Returns ENOTCONN for a socket for which the kernel names a process that is not at another end: for
/// a listening one, the process that called listen(2); for one of Bluetooth, the process that made
/// it.
///
/// Call it after the answers were read. Any process that shares the socket can call listen(2) at
/// any time, and then the kernel names that process. But a socket that listens never stops, and one that is
/// connected never gets another peer. If it does not listen now, all answers were about one peer.
int check_has_other_end(int socket) noexcept {
    int family = 0;
    if (const int error = sys::get_socket_number(socket, SO_DOMAIN, family); error != 0)
        return error;
    if (family != AF_UNIX)
        return ENOTCONN;
    int listening = 0;
    const int error = sys::get_socket_number(socket, SO_ACCEPTCONN, listening);
    return error == 0 && listening != 0 ? ENOTCONN : error;
}

int open_named_process(int socket, unique_fd& process) noexcept {
    switch (const int error = sys::get_peer_pidfd(socket, process); error) {
    case ENODATA:
        return ENOTCONN;
    case EINVAL: // the peer was reaped, before Linux 6.16
        return ESRCH;
    case ENOPROTOOPT:
        return EOPNOTSUPP;
    default:
        return error;
    }
}

/// Gets the ids that the kernel recorded. The kernel succeeds for sockets without a peer too.
int get_credentials(int socket, ucred& creds) noexcept {
    constexpr auto absent = static_cast<uid_t>(-1);
    creds = {-1, absent, absent};
    if (const int error = sys::get_socket_option(socket, SO_PEERCRED, &creds, sizeof creds);
        error != 0)
        return error == ENOPROTOOPT ? EOPNOTSUPP : error;
    if (creds.pid < 0)
        return ENOSYS;
    return creds.pid == 0 && creds.uid == absent ? ENOTCONN : 0;
}

/// Gets an option whose answer may be shorter than its storage. A filter that answers "error 0"
/// leaves the size as it was.
int get_sized_option(int socket, int option, void* value, socklen_t& size) noexcept {
    const socklen_t capacity = size;
    const int error = sys::get_long_socket_option(socket, option, value, size);
    if (error != 0 || size != capacity)
        return error;
    return explain_success([=] {
        socklen_t none = 0;
        return sys::get_long_socket_option(-1, option, value, none);
    });
}

int get_groups(int socket, gid_t* groups, std::size_t capacity, std::size_t& count) noexcept {
    // The kernel's limit is 65536 groups.
    constexpr std::size_t most = 1U << 16;
    auto size = static_cast<socklen_t>((capacity < most ? capacity : most) * sizeof *groups);
    const int error = get_sized_option(socket, uapi::so_peer_groups, groups, size);
    if (error == 0)
        count = size / sizeof *groups;
    return error == ENODATA ? ENOTCONN : error == ENOPROTOOPT ? EOPNOTSUPP : error;
}

/// Gets the label without the null character that some security modules write at its end.
int get_label(int socket, char* label, std::size_t capacity, abi::peer_record& peer) noexcept {
    constexpr std::size_t most = 1U << 16;
    auto size = static_cast<socklen_t>(capacity < most ? capacity : most);
    const int error = get_sized_option(socket, SO_PEERSEC, label, size);
    if (error == ENOPROTOOPT) // no security module has a label
        return 0;
    if (error != 0)
        return error;
    while (size != 0 && label[size - 1] == '\0')
        --size;
    peer.label_size = size;
    peer.filled |= abi::peer_record::has_label;
    return 0;
}

/// What the caller has memory for.
struct peer_memory {
    gid_t* groups;
    std::size_t group_count;
    char* label;
    std::size_t label_size;
};

int read_peer(int socket, const peer_memory& memory, unique_fd& process,
              abi::peer_record& found) noexcept {
    if (const int error = open_named_process(socket, process); error != 0)
        return error;
    ucred creds{};
    if (const int error = get_credentials(socket, creds); error != 0)
        return error;
    found.pid = creds.pid;
    found.uid = creds.uid;
    found.gid = creds.gid;
    if (memory.group_count != 0) {
        if (const int error =
                get_groups(socket, memory.groups, memory.group_count, found.group_count);
            error != 0)
            return error;
        found.filled |= abi::peer_record::has_groups;
    }
    return memory.label_size != 0 ? get_label(socket, memory.label, memory.label_size, found) : 0;
}

} // namespace

namespace abi {

int peer_pidfd(int socket, int& fd) noexcept {
    unique_fd process;
    const int error = open_named_process(socket, process);
    if (const int none = check_has_other_end(socket); none != 0)
        return none;
    if (error == 0)
        fd = process.release();
    return error;
}

int unverified_peer_pidfd(int socket, int& fd) noexcept {
    ucred creds{};
    const int error = get_credentials(socket, creds);
    if (const int none = check_has_other_end(socket); none != 0)
        return none;
    if (error != 0)
        return error;
    if (creds.pid == 0)
        return EREMOTE;
    return open_pid(creds.pid, fd);
}

int get_peer(int socket, peer_record& peer, std::size_t size, gid_t* groups,
             std::size_t group_count, char* label, std::size_t label_size) noexcept {
    peer_record found{};
    unique_fd process;
    const int error = read_peer(socket, {groups, group_count, label, label_size}, process, found);
    if (const int none = check_has_other_end(socket); none != 0)
        return none;
    if (error != 0)
        return error;
    found.fd = process.release();
    record::copy_out(found, peer, size);
    return 0;
}

} // namespace abi
} // namespace pidfd_util
