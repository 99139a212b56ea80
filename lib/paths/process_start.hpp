// SPDX-License-Identifier: MIT
// When a process started, as /proc shows it.
#ifndef PIDFD_UTIL_LIB_PATHS_PROCESS_START_HPP
#define PIDFD_UTIL_LIB_PATHS_PROCESS_START_HPP

#include "procfs.hpp"

#include <cstdint>
#include <string_view>

namespace pidfd_util::process_start {

/// Parses a line of /proc/PID/timens_offsets, if it is that of the clock of boot. Returns false if
/// that line is malformed.
[[nodiscard]] bool parse_offset(std::string_view line, std::int64_t& seconds,
                                std::int64_t& nanoseconds) noexcept;

/// Reads the start of a process in clock ticks, as the calling thread's time namespace shows it.
[[nodiscard]] int read(const procfs::process& process, std::uint64_t& ticks) noexcept;

/// Reads the clock on which `read` shows the starts, in clock ticks. Of two equal numbers, nothing shows
/// which was earlier.
[[nodiscard]] int read_clock(int root, std::uint64_t& ticks) noexcept;

/// Finds the clock ticks by which the calling thread's time namespace shifts every start. EOPNOTSUPP:
/// they cannot be found, or are not a whole number.
[[nodiscard]] int shift_of_caller(int root, std::int64_t& ticks) noexcept;

} // namespace pidfd_util::process_start

#endif
