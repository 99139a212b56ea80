// SPDX-License-Identifier: MIT
// The priorities of the input and output of a process.
#ifndef PIDFD_UTIL_IO_PRIORITY_HPP
#define PIDFD_UTIL_IO_PRIORITY_HPP

namespace pidfd_util {

/// Returns the value for `spawn_options::io_priority` that serves the process before all others.
/// Level 0 is the highest, 7 the lowest. Needs CAP_SYS_ADMIN or, since Linux 5.14, CAP_SYS_NICE.
[[nodiscard]] constexpr int realtime_io(int level) noexcept {
    return level >= 0 && level <= 7 ? (1 << 13) | level : -1; // which `spawn` refuses
}
/// Returns the value of the default class. Level 0 is the highest, 7 the lowest; processes without
/// an I/O priority have a level that follows from their nice value.
[[nodiscard]] constexpr int best_effort_io(int level) noexcept {
    return level >= 0 && level <= 7 ? (2 << 13) | level : -1;
}
/// Returns the value that serves the process only while no other process uses the disk.
[[nodiscard]] constexpr int idle_io() noexcept {
    return 3 << 13;
}

} // namespace pidfd_util

#endif
