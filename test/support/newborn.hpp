// SPDX-License-Identifier: MIT
// Stops the child of a process at its birth, before it does anything.
#ifndef PIDFD_UTIL_TEST_NEWBORN_HPP
#define PIDFD_UTIL_TEST_NEWBORN_HPP

#include "processes.hpp"

#include <sys/types.h>

namespace support {

/// Lets the process run until it has made a child, and returns the child's pid, for a `tracee`. The
/// process itself continues. -1 if nothing can be traced, or if it made no child.
pid_t child_at_birth(test_child& parent);

/// Waits until the process has ended, and reaps it: its exit code, or -1 if a signal ended it.
int exit_code_of(test_child& process);

} // namespace support

#endif
