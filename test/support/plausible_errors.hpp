// SPDX-License-Identifier: MIT
// The errnos that an operation may return when one of its system calls fails.
#ifndef PIDFD_UTIL_TEST_PLAUSIBLE_ERRORS_HPP
#define PIDFD_UTIL_TEST_PLAUSIBLE_ERRORS_HPP

#include <vector>

namespace support {

/// The errnos of an operation that a system call's errno may cause: the errno itself, EIO if the
/// kernel never returns it from that call, or the errnos of the operations' tables. 0 is a success
/// without any effect.
std::vector<int> plausible(long number, int error);

/// Whether this errno of this call is how the kernel reports that a process is gone.
bool can_tell_gone(long number);

} // namespace support

#endif
