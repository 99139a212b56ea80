// SPDX-License-Identifier: MIT
// Runs a program with an input, and keeps its output, for at most 10 seconds.
#include <pidfd_util/run.hpp>

#include <chrono>
#include <cstdio>

int main() {
    pidfd_util::run_options options;
    options.input = "pear\napple\npear\n";
    options.time_limit = std::chrono::seconds(10);
    const auto sorted = pidfd_util::run({"sort", "-u"}, options);
    if (!sorted) {
        std::fprintf(stderr, "cannot run sort: %s\n", sorted.error().message().c_str());
        return 1;
    }
    if (!sorted->succeeded()) {
        std::fprintf(stderr, "sort has failed: %s", sorted->error.c_str());
        return 1;
    }
    std::fputs(sorted->output.c_str(), stdout);
    return 0;
}

// Output of "capture-output":
//     apple
//     pear
