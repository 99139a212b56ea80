// SPDX-License-Identifier: MIT
// Starts a program that would run for long, and stops it.
#include <pidfd_util/child.hpp>
#include <pidfd_util/spawn.hpp>

#include <csignal>
#include <cstdio>

int main() {
    const char* const command[] = {"/bin/sleep", "600", nullptr};
    auto child = pidfd_util::spawn(command[0], command);
    if (!child)
        return std::fprintf(stderr, "%s\n", child.error().message().c_str()), 1;
    const auto stopped = child->stop();
    if (!stopped || stopped->status.signal() != SIGTERM)
        return std::fprintf(stderr, "it was not stopped by SIGTERM\n"), 1;
    const auto again = child->kill();
    return !again && again.error() == pidfd_util::pidfd_errc::not_found ? 0 : 1;
}
