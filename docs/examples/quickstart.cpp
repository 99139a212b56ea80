// SPDX-License-Identifier: MIT
// Starts a program, waits for it with a time limit, and signals it once it has ended.
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <cstdio>

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto child = pidfd_util::spawn(command[0], command);
    if (!child) {
        std::fprintf(stderr, "cannot start it: %s\n", child.error().message().c_str());
        return 1;
    }
    if (const auto status = child->wait_for(std::chrono::seconds(5)))
        std::printf("exit code %d\n", status->code().value_or(-1));
    const auto sent = child->kill(); // never hits another process that has got the pid since
    std::printf("kill: %s\n", sent ? "sent" : sent.error().message().c_str());
    return 0;
}
