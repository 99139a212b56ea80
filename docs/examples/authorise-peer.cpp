// SPDX-License-Identifier: MIT
// Decides, by its user, whether the process at the other end of a UNIX socket is allowed. The pidfd
// refers to the process that made the connection, even if another process gets its pid later.
#include <pidfd_util/peer.hpp>

#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

/// Returns the process if it may do what it asks for.
expected<pidfd> authorise(int socket) {
    auto client = get_peer(socket);
    if (!client)
        return unexpected(client.error());
    if (client->creds.uid != 0 && client->creds.uid != geteuid())
        return unexpected(std::make_error_code(std::errc::permission_denied));
    return std::move(client->process);
}

} // namespace

int main() {
    int ends[2]; // a server has the result of accept(2)
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return 1;
    const auto client = authorise(ends[0]);
    if (!client) {
        std::fprintf(stderr, "refused: %s\n", client.error().message().c_str());
        return 1;
    }
    std::puts(client->get_pid() == getpid() ? "allowed: this process" : "allowed");
    return 0;
}

// Output of "authorise-peer", from Linux 6.5 on:
//     allowed: this process
