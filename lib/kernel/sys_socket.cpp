// SPDX-License-Identifier: MIT
#include "sys_socket.hpp"

#include "explain.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <sys/syscall.h>

namespace pidfd_util::sys {

namespace {

/// Repeats a call that was interrupted, for as long as it may wait.
template <class Call, class CallOnNoFd>
reply retry_message(int flags, Call call, CallOnNoFd on_no_fd) noexcept {
    return (flags & MSG_DONTWAIT) != 0 ? retry_bounded(call) : retry_on_eintr(call, on_no_fd);
}

} // namespace

int unix_socket(unique_fd& socket) noexcept {
    return explain_errno<EAFNOSUPPORT, EMFILE, ENFILE, ENOBUFS>(
        make_fd(socket, [] { return raw(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }));
}

int get_socket_number(int socket, int option, int& number) noexcept {
    int found = -1;
    socklen_t size = sizeof found;
    const int error = explain_errno<EBADF, ENOTSOCK>(
        raw(SYS_getsockopt, socket, SOL_SOCKET, option, &found, &size).error);
    if (error != 0)
        return error;
    if (found < 0) // not written: a filter
        return ENOSYS;
    number = found;
    return size == sizeof found ? 0 : EIO;
}

int get_socket_option(int socket, int option, void* value, socklen_t size) noexcept {
    const socklen_t expected = size;
    const int error = explain_errno<EBADF, ENOTSOCK, ENOPROTOOPT, EOPNOTSUPP>(
        raw(SYS_getsockopt, socket, SOL_SOCKET, option, value, &size).error);
    return error == 0 && size != expected ? EIO : error;
}

int get_long_socket_option(int socket, int option, void* value, socklen_t& size) noexcept {
    return explain_errno<EBADF, ENOTSOCK, ENODATA, ENOPROTOOPT, EOPNOTSUPP, ERANGE>(
        raw(SYS_getsockopt, socket, SOL_SOCKET, option, value, &size).error);
}

int get_peer_pidfd(int socket, unique_fd& process) noexcept {
    int fd = -1;
    // The kernel makes a file descriptor even if its number does not fit into a shorter value.
    socklen_t size = sizeof fd;
    const int error = explain_errno<EBADF, ENOTSOCK, ENODATA, EINVAL, ESRCH, ENOPROTOOPT,
                                    EOPNOTSUPP, EMFILE, ENFILE>(
        raw(SYS_getsockopt, socket, SOL_SOCKET, uapi::so_peer_pidfd, &fd, &size).error);
    if (error != 0)
        return error;
    if (fd < 0) // not written: a filter that answers "error 0"
        return ENOSYS;
    process.reset(fd);
    return 0;
}

int set_socket_option(int socket, int option, int value) noexcept {
    return explain_errno<EBADF, ENOTSOCK, ENOPROTOOPT, EOPNOTSUPP>(
        raw(SYS_setsockopt, socket, SOL_SOCKET, option, &value, sizeof value).error);
}

int receive(int socket, msghdr& message, int flags, std::size_t& size) noexcept {
    const reply r = retry_message(
        flags,
        [&, saved = message] {
            message = saved; // the kernel may have changed it
            return make_call(SYS_recvmsg, socket, &message, flags);
        },
        [flags] { return make_call(SYS_recvmsg, -1, nullptr, flags).error; });
    if (r.error != 0)
        return explain_errno<EBADF, ENOTSOCK, ENOTCONN, ECONNRESET, EINVAL, EFAULT, EOPNOTSUPP>(
            r.error);
    size = static_cast<std::size_t>(r.value);
    return 0;
}

int send(int socket, const msghdr& message, int flags, std::size_t& size) noexcept {
    const auto send_on = [&message, flags](int where) {
        return make_call(SYS_sendmsg, where, &message, flags | MSG_NOSIGNAL);
    };
    const reply r = retry_message(
        flags, [&] { return send_on(socket); }, [&] { return send_on(-1).error; });
    if (r.error != 0)
        return explain_deniable<EBADF, ENOTSOCK, EPIPE, ENOTCONN, ECONNREFUSED, ECONNRESET,
                                EDESTADDRREQ, EMSGSIZE, ENOBUFS, EINVAL, ETOOMANYREFS, EFAULT,
                                EOPNOTSUPP>(r.error, [&] { return send_on(-1).error; });
    size = static_cast<std::size_t>(r.value);
    return size != 0 ? 0 : explain_success([&] { return send_on(-1).error; });
}

} // namespace pidfd_util::sys
