// SPDX-License-Identifier: MIT
// The steps of a spawned child, each with an option that has it taken and the call that takes it.
#ifndef PIDFD_UTIL_TEST_SPAWN_STEPS_HPP
#define PIDFD_UTIL_TEST_SPAWN_STEPS_HPP

#include <pidfd_util/spawn_options.hpp>

#include <functional>
#include <vector>

namespace support {

struct step_taken {
    pidfd_util::spawn_step step;
    long number; // of the system call
    std::function<void(pidfd_util::spawn_options&)> set;
};

/// Every step from `clone` to `exec`. What the options set is another value than the caller's own.
std::vector<step_taken> steps_of_spawn();

} // namespace support

#endif
