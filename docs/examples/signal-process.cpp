// SPDX-License-Identifier: MIT
// signal-process PID NAME: sends SIGTERM to a process if it has this name. The name is checked when the
// process is open: the signal goes to the process that was checked, or to none.
#include <pidfd_util/pidfd_util.hpp>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

using namespace pidfd_util;

int main(int argc, char** argv) {
    pid_t pid = 0; // which is refused
    if (argc != 3 || *std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), pid).ptr != '\0') {
        std::fprintf(stderr, "usage: signal-process PID NAME\n");
        return 2;
    }
    const auto has_name = [&](pidfd_view process) -> expected<bool> {
        char buffer[64];
        const auto name = process.get_comm(buffer);
        if (!name)
            return unexpected(name.error());
        return *name == argv[2];
    };
    const auto process = pidfd::open_verified(pid, has_name);
    if (!process) {
        std::fprintf(stderr, "not signalled: %s\n", process.error().message().c_str());
        return 1;
    }
    const auto sent = process->send_signal(SIGTERM);
    std::puts(sent ? "sent" : sent.error().message().c_str());
    return sent ? 0 : 1;
}

// Output of "signal-process PID sleep", of a sleep(1):
//     sent
