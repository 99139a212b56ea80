// SPDX-License-Identifier: MIT
// Starts two programs, and waits for the one that ends first.
#include <pidfd_util/spawn.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cstdio>
#include <utility>

int main() {
    const char* const slow[] = {"/bin/sleep", "600", nullptr};
    const char* const quick[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto first = pidfd_util::spawn(slow[0], slow);
    auto second = pidfd_util::spawn(quick[0], quick);
    if (!first || !second)
        return std::fprintf(stderr, "a program could not be started\n"), 1;
    pidfd_util::child children[] = {std::move(*first), std::move(*second)};
    const auto which = pidfd_util::wait_any(children);
    const auto status = children[1].wait();
    const bool right = which == std::size_t{1} && status && status->code() == 3;
    return children[0].stop() && right ? 0 : 1;
}
