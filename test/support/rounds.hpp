// SPDX-License-Identifier: MIT
// How often to do what is done often.
#ifndef PIDFD_UTIL_TEST_ROUNDS_HPP
#define PIDFD_UTIL_TEST_ROUNDS_HPP

#include <algorithm>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PIDFD_UTIL_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PIDFD_UTIL_TEST_SANITIZED
#endif
#endif

namespace support {

/// Fewer where each of them is slow: where the environment says so, on an emulated processor say, and
/// under a sanitizer.
inline int rounds(int many) {
#ifdef PIDFD_UTIL_TEST_SANITIZED
    return many / 5;
#else
    return std::getenv("PIDFD_UTIL_SLOW") != nullptr ? std::max(1, many / 20) : many;
#endif
}

} // namespace support

#endif
