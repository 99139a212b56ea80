// SPDX-License-Identifier: MIT
// A tracer that does nothing.
#ifndef PIDFD_UTIL_TEST_IDLE_TRACER_HPP
#define PIDFD_UTIL_TEST_IDLE_TRACER_HPP

#include "processes.hpp"

#include <sys/ptrace.h>

namespace support {

/// A process that traces this one, and never waits for it. The parent of the traced process cannot
/// wait for it either, until the tracer has ended. It is not `prepared` where nothing can be traced.
inline test_child tracer_of(pid_t pid) {
    return test_child::ready([pid] { return ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0; });
}

} // namespace support

#endif
