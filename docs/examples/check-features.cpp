// SPDX-License-Identifier: MIT
// Prints what this kernel and this sandbox can do with pidfds.
#include <pidfd_util/features.hpp>

#include <cstdio>

using namespace pidfd_util;

int main() {
    for (const feature f : all_features) {
        const auto state = availability_of(f);
        std::printf("%-18s %s\n", to_string(f), state ? to_string(*state) : "unknown");
    }
    return 0;
}

// Output of "check-features":
//     pidfd_send_signal  ...
//     pidfd_open         ...
//     ...
