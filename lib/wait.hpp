// SPDX-License-Identifier: MIT
#ifndef PIDFD_UTIL_LIB_WAIT_HPP
#define PIDFD_UTIL_LIB_WAIT_HPP

#include <cstdint>

namespace pidfd_util {

/// waitid for the end of a child, until the deadline. With WNOWAIT among the options the child is
/// left to be reaped.
int wait_for_end(int fd, int options, std::int64_t deadline, bool& ended, int& status) noexcept;

} // namespace pidfd_util

#endif
