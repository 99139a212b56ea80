// SPDX-License-Identifier: MIT
// watch-process PID: waits until a process has ended, which need not be a child.
#include <pidfd_util/pidfd_util.hpp>

#include <charconv>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
    pid_t pid = 0; // which is refused
    if (argc != 2 || *std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), pid).ptr != '\0') {
        std::fprintf(stderr, "usage: watch-process PID\n");
        return 2;
    }
    const auto process = pidfd_util::pidfd::from_pid(pid);
    if (!process) {
        std::fprintf(stderr, "cannot open it: %s\n", process.error().message().c_str());
        return 1;
    }
    char buffer[64];
    if (const auto name = process->get_comm(buffer))
        std::printf("watching %.*s\n", static_cast<int>(name->size()), name->data());
    if (const auto ended = process->wait_exit(); !ended) {
        std::fprintf(stderr, "cannot wait for it: %s\n", ended.error().message().c_str());
        return 1;
    }
    std::puts("it has ended");
    return 0;
}

// Output of "watch-process PID", of a sleep(1):
//     watching sleep
//     it has ended
