// SPDX-License-Identifier: MIT
// Stops 200 children with one deadline for all of them: SIGTERM to each, and SIGKILL to those that
// are still there at the deadline.
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <vector>

using pidfd_util::child;

namespace {

struct outcome {
    int ended = 0;
    int killed = 0;
};

/// Returns how many ended in time, and how many had to be killed.
outcome stop_all(std::vector<child>& children, std::chrono::steady_clock::time_point deadline) {
    for (const child& c : children)
        (void)c.send_signal(SIGTERM); // an error means that it has ended
    const auto in_time = pidfd_util::wait_all_until(children, deadline);
    if (!in_time)
        for (child& c : children)
            if (c.is_alive() == true)
                (void)c.kill();
    outcome all;
    for (child& c : children)
        if (const auto status = c.wait(); status)
            ++(status->signal() == SIGKILL ? all.killed : all.ended);
    return all;
}

} // namespace

int main() {
    sigset_t ignored;
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGTERM);
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    std::vector<child> children;
    for (int i = 0; i < 200; ++i) {
        pidfd_util::spawn_options options;
        if (i % 10 == 0) // some ignore SIGTERM
            options.ignored_signals = &ignored;
        auto c = pidfd_util::spawn(command[0], command, options);
        if (!c) {
            std::fprintf(stderr, "cannot start one: %s\n", c.error().message().c_str());
            return 1;
        }
        children.push_back(std::move(*c));
    }
    // All of them share one deadline. They end at the same time, and not one after the other.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    const outcome all = stop_all(children, deadline);
    std::printf("%d ended, %d were killed\n", all.ended, all.killed);
    return all.ended + all.killed == 200 && all.killed >= 20 ? 0 : 1;
}
