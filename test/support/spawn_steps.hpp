// SPDX-License-Identifier: MIT
// The steps of a spawned child, each with an option that needs it and the system call that performs
// it.
#ifndef PIDFD_UTIL_TEST_SPAWN_STEPS_HPP
#define PIDFD_UTIL_TEST_SPAWN_STEPS_HPP

#include "seccomp.hpp"

#include <pidfd_util/spawn_options.hpp>

#include <functional>
#include <vector>

namespace support {

struct step_taken {
    pidfd_util::spawn_step step;
    long number; // of the system call
    std::function<void(pidfd_util::spawn_options&)> set;
};

/// Rules that answer `error` to the system call of the step. Both calls that make a child answer alike.
std::vector<rule> answering(const step_taken& step, int error);

/// Every step from `clone` to `exec`. The options set values that differ from the caller's own.
std::vector<step_taken> steps_of_spawn();

} // namespace support

#endif
