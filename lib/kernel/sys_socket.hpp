// SPDX-License-Identifier: MIT
// The system calls on sockets. The rules of sys.hpp hold.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_SOCKET_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_SOCKET_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <sys/socket.h>

namespace pidfd_util::sys {

/// Makes a UNIX stream socket that is not connected.
[[nodiscard]] int unix_socket(unique_fd& socket) noexcept;

/// Gets an option of the level SOL_SOCKET that is a number and that every kernel has for every
/// socket. It must not be negative.
[[nodiscard]] int get_socket_number(int socket, int option, int& number) noexcept;
/// Gets an option of the level SOL_SOCKET that is a number or a structure of a fixed size. A filter
/// that answers "error 0" has not changed `value`.
[[nodiscard]] int get_socket_option(int socket, int option, void* value, socklen_t size) noexcept;
/// Gets an option of any size up to `size`, which becomes its size. ERANGE: it is longer.
[[nodiscard]] int get_long_socket_option(int socket, int option, void* value,
                                         socklen_t& size) noexcept;
/// Gets SO_PEERPIDFD. ENODATA: the socket has no peer. EINVAL, ESRCH: the peer was reaped.
[[nodiscard]] int get_peer_pidfd(int socket, unique_fd& process) noexcept;
[[nodiscard]] int set_socket_option(int socket, int option, int value) noexcept;

/// recvmsg. Waits also if signals interrupt it; EAGAIN if a filter does, here and below.
[[nodiscard]] int receive(int socket, msghdr& message, int flags, std::size_t& size) noexcept;
/// sendmsg, with MSG_NOSIGNAL.
[[nodiscard]] int send(int socket, const msghdr& message, int flags, std::size_t& size) noexcept;

} // namespace pidfd_util::sys

#endif
