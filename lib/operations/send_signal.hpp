// SPDX-License-Identifier: MIT
// What the operations that send a signal share.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_SEND_SIGNAL_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_SEND_SIGNAL_HPP

namespace pidfd_util {

[[nodiscard]] int check_signal_arguments(int fd, int signal) noexcept;

/// Explains the errno of pidfd_send_signal for a valid signal.
[[nodiscard]] int explain_signal_error(int fd, int error) noexcept;

} // namespace pidfd_util

#endif
