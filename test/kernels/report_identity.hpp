// SPDX-License-Identifier: MIT
// The part of the report about where pidfds come from and what they name.
#ifndef PIDFD_UTIL_TEST_KERNELS_REPORT_IDENTITY_HPP
#define PIDFD_UTIL_TEST_KERNELS_REPORT_IDENTITY_HPP

/// Does each thing once, on the calling process and on a pair of sockets, and prints a line of the
/// kind "identity" for it.
void report_identity();

#endif
