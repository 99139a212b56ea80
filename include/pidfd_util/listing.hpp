// SPDX-License-Identifier: MIT
// How much of a list an operation has stored.
#ifndef PIDFD_UTIL_LISTING_HPP
#define PIDFD_UTIL_LISTING_HPP

#include <cstddef>

namespace pidfd_util {

/// How much of a list an operation has stored in the caller's storage.
struct listing {
    std::size_t count; ///< elements that were stored
    bool complete;     ///< false if there was at least one element more
};

} // namespace pidfd_util

#endif
