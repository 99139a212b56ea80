// SPDX-License-Identifier: MIT
// How often a test repeats its steps.
#ifndef PIDFD_UTIL_TEST_ROUNDS_HPP
#define PIDFD_UTIL_TEST_ROUNDS_HPP

#include "sanitizers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace support {

/// Whether the environment says that each step takes long, for example on an emulated processor.
inline bool slow_machine() {
    return std::getenv("PIDFD_UTIL_SLOW") != nullptr;
}

/// Fewer rounds if each of them is slow: under a sanitizer, or on a slow machine.
inline int rounds(int many) {
    if (sanitized)
        return std::max(1, many / 5);
    return slow_machine() ? std::max(1, many / 20) : many;
}

/// The step of a sweep: 1 tries every point. On a slow machine it is 11: a prime, so that a sweep over
/// several lists does not always meet the same entries.
inline std::size_t stride() {
    return slow_machine() ? 11 : 1;
}

/// Whether the environment asks for attacks that take minutes instead of seconds.
inline bool long_mode() {
    const char* const wish = std::getenv("PIDFD_UTIL_LONG");
    return wish != nullptr && std::strcmp(wish, "0") != 0;
}

} // namespace support

#endif
