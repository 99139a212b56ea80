// SPDX-License-Identifier: MIT
// Queries for what this kernel and this sandbox can do with pidfds.
#ifndef PIDFD_UTIL_FEATURES_HPP
#define PIDFD_UTIL_FEATURES_HPP

#include <pidfd_util/abi.hpp>
#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/feature_kinds.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Returns whether this kernel and this sandbox have the feature. Each call tries the feature out
/// on the calling process, without side effects.
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | EMFILE, ENFILE, ENOMEM |            | there are no file descriptors or no memory left to try the feature out |
/// | EOPNOTSUPP | `unsupported`          | the feature can be tried out only on a pidfd, and there is no pidfd_open(2) |
/// | ERFKILL    | `forbidden_by_sandbox` | the feature can be tried out only on a pidfd, and a sandbox refuses pidfd_open(2) |
[[nodiscard]] inline expected<availability> availability_of(feature f) noexcept {
    return detail::ask(abi::availability_of, f);
}

/// Returns the path by which this kernel and this sandbox answer the operation. Each call performs
/// the operation on the calling process, in a form that changes nothing. For `get_exit_status`, the
/// result `ioctl` means that the status of processes other than children is available too. On Linux
/// 6.15 this status is available as well, but the result is `syscall`: only a process that has
/// ended could show that.
///
/// Needs one file descriptor more than the operation itself.
///
/// \errors those of the operation, if no path answers it; EMFILE, ENFILE or ENOMEM if there are no
/// file descriptors or no memory left to try it out.
[[nodiscard]] inline expected<answer_path> answering_path(operation op) noexcept {
    return detail::ask(abi::answering_path, op);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
