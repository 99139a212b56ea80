// SPDX-License-Identifier: MIT
// Runs a program for at most 100 ms. Then it is asked to end, and killed if it does not within 5 seconds.
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <cstdio>

int main() {
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    auto process = pidfd_util::spawn(command[0], command);
    if (!process) {
        std::fprintf(stderr, "cannot start it: %s\n", process.error().message().c_str());
        return 1;
    }
    auto status = process->wait_for(std::chrono::milliseconds(100));
    if (!status && status.error() == std::errc::timed_out) {
        std::puts("the limit has passed");
        const auto stopped = process->stop(); // SIGTERM, and then SIGKILL
        if (stopped)
            status = stopped->status;
    }
    if (!status) {
        std::fprintf(stderr, "cannot wait for it: %s\n", status.error().message().c_str());
        return 1;
    }
    if (const auto code = status->code())
        std::printf("exit code %d\n", *code);
    if (const auto signal = status->signal())
        std::printf("ended by signal %d\n", *signal);
    return 0;
}

// Output of "run-with-limit":
//     the limit has passed
//     ended by signal 15
