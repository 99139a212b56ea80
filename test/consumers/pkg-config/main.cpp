// SPDX-License-Identifier: MIT
// Prints the ids of this process and of its parent, and the errors for a process that does not exist.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <unistd.h>

int main() {
    const auto self = pidfd_util::pidfd::from_self();
    if (!self || self->get_pid() != getpid() || !self->send_signal(0))
        return std::fprintf(stderr, "this process does not find itself\n"), 1;
    const auto creds = self->get_creds();
    if (!creds || creds->euid != geteuid())
        return std::fprintf(stderr, "its user is wrong\n"), 1;
    std::printf("process %d of user %u\n", *self->get_pid(), creds->euid);

    const auto none = pidfd_util::pidfd_view(STDIN_FILENO).get_pid();
    if (none || none.error() != pidfd_util::pidfd_errc::not_a_pidfd)
        return std::fprintf(stderr, "standard input passes for a process\n"), 1;
    std::printf("standard input: %s\n", none.error().message().c_str());
}
