// SPDX-License-Identifier: MIT
// The binary interface: stopping a child together with others. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_STOP_HPP
#define PIDFD_UTIL_ABI_STOP_HPP

#include <pidfd_util/export.hpp>

#include <cstdint>

namespace pidfd_util::abi {

/// Signals the process group that the process leads. Before Linux 6.9 the process must be a child
/// that was not reaped.
[[nodiscard]] PIDFD_UTIL_EXPORT int signal_group(int fd, int signal) noexcept;
/// Waits until the process has ended, and no process of the group that it leads runs any more.
/// Reaps nothing. `ended` is false if the deadline passed.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_group(int fd, std::int64_t deadline, bool& ended) noexcept;

} // namespace pidfd_util::abi

#endif
