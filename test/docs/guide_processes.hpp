// SPDX-License-Identifier: MIT
// The processes on which the tests of the guide run its functions.
#ifndef PIDFD_UTIL_TEST_DOCS_GUIDE_PROCESSES_HPP
#define PIDFD_UTIL_TEST_DOCS_GUIDE_PROCESSES_HPP

#include "../support/catch.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <utility>

inline constexpr const char* const lasting[] = {"/bin/sleep", "60", nullptr};
inline constexpr const char* const quick[] = {"/bin/sh", "-c", "exit 0", nullptr};

inline pidfd_util::child started(const char* const* command) {
    auto process = pidfd_util::spawn(command[0], command);
    REQUIRE(process);
    return std::move(*process);
}

inline pidfd_util::pidfd pidfd_of(const pidfd_util::child& process) {
    auto copy = process.duplicate();
    REQUIRE(copy);
    return std::move(*copy);
}

inline pid_t pid_of(const pidfd_util::child& process) {
    return process.get_pid().value_or(-1);
}

#endif
