// SPDX-License-Identifier: MIT
// What an operation may return when one of its system calls fails.
#ifndef PIDFD_UTIL_TEST_PLAUSIBLE_ERRORS_HPP
#define PIDFD_UTIL_TEST_PLAUSIBLE_ERRORS_HPP

#include <vector>

namespace support {

/// The errnos that may come of a system call's errno: the errno itself, EIO if the kernel never
/// gives it for that call, or what the operations' tables make of it. 0 is a success of which
/// nothing is true.
std::vector<int> plausible(long number, int error);

/// Whether the kernel itself says of this call that a process is gone.
bool can_tell_gone(long number);

} // namespace support

#endif
