// SPDX-License-Identifier: MIT
// Counts the heap allocations of the program.
#ifndef PIDFD_UTIL_TEST_BENCH_HEAP_HPP
#define PIDFD_UTIL_TEST_BENCH_HEAP_HPP

namespace bench {

/// Whether the build lets the program replace malloc. A sanitizer does not, and only glibc gives the
/// replaced functions a second name.
#ifdef BENCH_COUNTS_HEAP
inline constexpr bool heap_is_counted = true;
#else
inline constexpr bool heap_is_counted = false;
#endif

/// Returns the number of allocations so far; 0 if they are not counted.
long heap_allocations();

} // namespace bench

#endif
