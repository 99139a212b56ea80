// SPDX-License-Identifier: MIT
// The resources that a child has used.
#ifndef PIDFD_UTIL_CHILD_USAGE_HPP
#define PIDFD_UTIL_CHILD_USAGE_HPP

#include <pidfd_util/abi_usage.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/expected.hpp>

#include <chrono>
#include <cstdint>

namespace pidfd_util {

/// The resources that a child has used until its end: its own, and those of the descendants that it
/// has waited for. Times and counts are sums, `peak_resident` is the maximum. The numbers are those
/// of wait4(2) and getrusage(2).
///
/// A child of `spawn` shares the memory of the caller until it runs the program. Therefore
/// `peak_resident` is never less than the peak of the caller's own resident memory at the time of
/// the start, however little the program used. A program that runs on has its own peak in the line
/// `VmHWM` of /proc/PID/status; the file `memory.peak` of a cgroup (Linux 5.19) has the peak of a
/// whole job. See getrusage(2), proc_pid_status(5).
struct child_usage {
    std::chrono::nanoseconds user_time;   ///< CPU time in user mode; the kernel counts microseconds
    std::chrono::nanoseconds system_time; ///< CPU time in the kernel, in the same unit
    std::uint64_t peak_resident;          ///< the peak of the resident memory, in bytes
    std::uint64_t minor_faults;           ///< page faults that needed no input from a disk
    std::uint64_t major_faults;           ///< page faults that needed input from a disk
    std::uint64_t blocks_read;            ///< reads from a file system, in blocks of 512 bytes
    std::uint64_t blocks_written;         ///< writes to a file system, in blocks of 512 bytes
    std::uint64_t voluntary_switches;     ///< context switches because the process waited
    std::uint64_t involuntary_switches;   ///< context switches because the scheduler preempted it
};

/// How a child ended, and what it used.
struct ended_child {
    exit_status status; ///< how it ended
    child_usage usage;  ///< what it used
};

/// The type of `with_usage`.
struct with_usage_t {
    explicit with_usage_t() = default;
};

/// The argument with which a wait for a child returns an `ended_child` instead of an `exit_status`.
inline constexpr with_usage_t with_usage{};

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

[[nodiscard]] constexpr child_usage to_child_usage(const abi::child_usage_record& r) noexcept {
    return {std::chrono::nanoseconds(r.user_time),
            std::chrono::nanoseconds(r.system_time),
            r.peak_resident,
            r.minor_faults,
            r.major_faults,
            r.blocks_read,
            r.blocks_written,
            r.voluntary_switches,
            r.involuntary_switches};
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
