// SPDX-License-Identifier: MIT
// The operations that only the fault injection tries, in addition to the table of operations: they need
// a group, a cgroup or a terminal, or change the caller.
#ifndef PIDFD_UTIL_TEST_FAULT_ROWS_HPP
#define PIDFD_UTIL_TEST_FAULT_ROWS_HPP

#include "operations.hpp"

namespace support {

operation_range fault_rows();

} // namespace support

#endif
