// SPDX-License-Identifier: MIT
// What the operations that call waitid share.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_WAIT_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_WAIT_HPP

#include "../kernel/uapi.hpp"

#include <csignal>
#include <cstdint>

namespace pidfd_util {

/// Waits for one of the changes (WEXITED, WSTOPPED, WCONTINUED, and WNOWAIT) until the deadline.
/// `info.si_pid` is 0 if there was none; then `usage` is not written. `usage` may be null.
[[nodiscard]] int wait_for_change(int fd, int changes, std::int64_t deadline, siginfo_t& info,
                                  uapi::rusage* usage = nullptr) noexcept;

/// Waits for the end of a child until the deadline. With WNOWAIT among the options, it does not
/// reap the child.
[[nodiscard]] int wait_for_end(int fd, int options, std::int64_t deadline, bool& ended, int& status,
                               uapi::rusage* usage = nullptr) noexcept;

} // namespace pidfd_util

#endif
