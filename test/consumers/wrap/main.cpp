// SPDX-License-Identifier: MIT
// run-briefly COMMAND [ARGUMENT...]: runs a command for a minute at most.
#include <pidfd_util/spawn.hpp>

#include <chrono>
#include <cstdio>
#include <system_error>

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    pidfd_util::spawn_options options;
    options.search_path = true;
    auto child = pidfd_util::spawn(argv[1], argv + 1, options);
    if (!child)
        return std::fprintf(stderr, "%s: %s\n", argv[1], child.error().message().c_str()), 1;
    auto ended = child->wait_for(std::chrono::minutes(1));
    if (!ended && ended.error() == std::errc::timed_out && child->kill())
        ended = child->wait();
    return ended && ended->success() ? 0 : 1;
}
