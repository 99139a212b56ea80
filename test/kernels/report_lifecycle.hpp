// SPDX-License-Identifier: MIT
// The part of the report that starts other processes.
#ifndef PIDFD_UTIL_TEST_KERNELS_REPORT_LIFECYCLE_HPP
#define PIDFD_UTIL_TEST_KERNELS_REPORT_LIFECYCLE_HPP

/// Does each thing once, and prints a line for it: "lifecycle", its name, and "works", the number
/// of the error, or "wrong". `program` sleeps when it is started with an argument.
void report_lifecycle(const char* program);

#endif
