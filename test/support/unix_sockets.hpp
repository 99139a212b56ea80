// SPDX-License-Identifier: MIT
// UNIX sockets, and the processes at their ends. A function that fails returns an empty owner.
#ifndef PIDFD_UTIL_TEST_UNIX_SOCKETS_HPP
#define PIDFD_UTIL_TEST_UNIX_SOCKETS_HPP

#include "processes.hpp"

#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

namespace support {

using pidfd_util::unique_fd;

inline unique_fd unix_socket(int type) {
    return unique_fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
}

struct socket_ends {
    unique_fd a;
    unique_fd b;
};
inline socket_ends socket_pair(int type) {
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
        return {};
    return {unique_fd(ends[0]), unique_fd(ends[1])};
}

/// A socket with this path; without a path, with an abstract name that the kernel chooses.
inline unique_fd bound_socket(int type, const std::string& path = {}) {
    unique_fd made = unix_socket(type);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    const auto size = path.empty() ? sizeof name.sun_family : sizeof name;
    if (bind(made.get(), reinterpret_cast<const sockaddr*>(&name), static_cast<socklen_t>(size)) !=
        0)
        return {};
    return made;
}

inline unique_fd listening_socket(int type = SOCK_STREAM, const std::string& path = {}) {
    unique_fd made = bound_socket(type, path);
    if (listen(made.get(), 8) != 0)
        return {};
    return made;
}

/// A socket of the same type that is connected to the given one.
inline unique_fd connect_to(const unique_fd& other) {
    int type = 0;
    socklen_t type_size = sizeof type;
    sockaddr_un name{};
    socklen_t size = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    if (getsockopt(other.get(), SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 ||
        getsockname(other.get(), address, &size) != 0)
        return {};
    unique_fd made = unix_socket(type);
    if (connect(made.get(), address, size) != 0)
        return {};
    return made;
}

inline unique_fd accept_from(const unique_fd& listener) {
    return unique_fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

/// A child that is connected to the socket, and sleeps.
inline test_child client_of(const unique_fd& listener) {
    return test_child::ready([&] { return connect_to(listener).release() >= 0; });
}

/// The pid of the process, or a negated errno.
inline pid_t pid_of(const pidfd_util::expected<pidfd_util::pidfd>& opened) {
    if (!opened)
        return -opened.error().value();
    const auto pid = opened->get_pid();
    return pid ? *pid : -pid.error().value();
}

/// Whether the handle is one of this process, dead or alive.
inline bool is_of(const pidfd_util::expected<pidfd_util::pidfd>& opened, const test_child& child) {
    return opened && pidfd_util::same_process(*opened, child.fd()).value_or(false);
}

} // namespace support

#endif
