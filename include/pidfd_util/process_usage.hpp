// SPDX-License-Identifier: MIT
// What a process that has not been reaped uses.
#ifndef PIDFD_UTIL_PROCESS_USAGE_HPP
#define PIDFD_UTIL_PROCESS_USAGE_HPP

#include <chrono>
#include <cstdint>
#include <optional>

namespace pidfd_util {

/// The memory of a process, in bytes. The kernel counts whole kibibytes, and may be behind by some
/// pages for each processor.
struct memory_usage {
    std::uint64_t resident;      ///< in physical memory now; pages that are shared count in full
    std::uint64_t peak_resident; ///< the most that was in physical memory since the last execve(2)
    std::uint64_t virtual_size;  ///< all mappings, used or not
};

/// What a process uses. The times and the faults are the sums of all its threads, also of those that
/// have ended, but not of its children.
struct process_usage {
    std::chrono::nanoseconds user_time;   ///< CPU time in user mode, to a clock tick (10 ms)
    std::chrono::nanoseconds system_time; ///< CPU time in the kernel, to a clock tick (10 ms)
    std::uint64_t minor_faults;           ///< page faults that needed no input from a disk
    std::uint64_t major_faults;           ///< page faults that needed input from a disk
    std::uint32_t threads; ///< the number of threads; 0 or 1 once the process has ended
    /// Empty if the process has no memory of its own: a kernel thread, or a process that has ended.
    std::optional<memory_usage> memory;
};

} // namespace pidfd_util

#endif
