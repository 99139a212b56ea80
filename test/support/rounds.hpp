// SPDX-License-Identifier: MIT
// How often to do what is done often.
#ifndef PIDFD_UTIL_TEST_ROUNDS_HPP
#define PIDFD_UTIL_TEST_ROUNDS_HPP

#include "sanitizers.hpp"

#include <algorithm>
#include <cstdlib>

namespace support {

/// Fewer where each of them is slow: where the environment says so, on an emulated processor say, and
/// under a sanitizer.
inline int rounds(int many) {
    if (sanitized)
        return std::max(1, many / 5);
    return std::getenv("PIDFD_UTIL_SLOW") != nullptr ? std::max(1, many / 20) : many;
}

} // namespace support

#endif
