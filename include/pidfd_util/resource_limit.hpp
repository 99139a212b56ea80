// SPDX-License-Identifier: MIT
// The limits on a resource.
#ifndef PIDFD_UTIL_RESOURCE_LIMIT_HPP
#define PIDFD_UTIL_RESOURCE_LIMIT_HPP

#include <cstdint>

namespace pidfd_util {

/// The limits on a resource that a process may use. See getrlimit(2).
struct resource_limit {
    int resource; ///< RLIMIT_*
    /// The limits in the unit of the resource. RLIM_INFINITY, of any width, is no limit.
    struct {
        std::uint64_t soft; ///< the limit in force; the process may change it, up to the hard limit
        std::uint64_t hard; ///< the highest value to which the soft limit may be raised
    } limit;
};

} // namespace pidfd_util

#endif
