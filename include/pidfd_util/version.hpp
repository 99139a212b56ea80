// SPDX-License-Identifier: MIT
// The version of the headers and of the library.
#ifndef PIDFD_UTIL_VERSION_HPP
#define PIDFD_UTIL_VERSION_HPP

#include <pidfd_util/abi.hpp>

/// The version of the headers. The numbers can be used in `#if`.
#define PIDFD_UTIL_VERSION_MAJOR 0
#define PIDFD_UTIL_VERSION_MINOR 1
#define PIDFD_UTIL_VERSION_PATCH 0
/// The same as one number that grows with each version: 1.2.3 is 10203.
#define PIDFD_UTIL_VERSION                                                                         \
    (PIDFD_UTIL_VERSION_MAJOR * 10000 + PIDFD_UTIL_VERSION_MINOR * 100 + PIDFD_UTIL_VERSION_PATCH)

namespace pidfd_util {

/// Returns the version of the library that the program runs with, as a number like
/// `PIDFD_UTIL_VERSION`. A shared library may be newer or older than the headers that the program
/// was compiled with. See docs/abi.md.
[[nodiscard]] inline int library_version() noexcept {
    return abi::version();
}

} // namespace pidfd_util

#endif
