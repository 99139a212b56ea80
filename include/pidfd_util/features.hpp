// SPDX-License-Identifier: MIT
// What this kernel and this sandbox can do with pidfds.
#ifndef PIDFD_UTIL_FEATURES_HPP
#define PIDFD_UTIL_FEATURES_HPP

#include <pidfd_util/abi.hpp>
#include <pidfd_util/detail/result.hpp>
#include <pidfd_util/feature_kinds.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Whether this kernel and sandbox has the feature: tried out at each call, on the calling process
/// itself, without side effects.
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | EMFILE, ENFILE, ENOMEM |            | no file descriptor left to try it on |
/// | EOPNOTSUPP | `unsupported`          | it can be tried only on a pidfd, and there is no pidfd_open |
/// | ERFKILL    | `forbidden_by_sandbox` | the same, and a sandbox refuses pidfd_open |
[[nodiscard]] inline expected<availability> query(feature f) noexcept {
    availability result{};
    return detail::result(abi::query(f, result), result);
}

/// The path on which this kernel and sandbox answers the operation for the calling process:
/// performed at each call, on the calling process itself, in a form that changes nothing. For
/// `get_exit_status`, `ioctl` says that those of strangers are told too; Linux 6.15, which tells
/// them, still says `syscall` here, as nothing shows it but a process that has ended.
///
/// \errors the operation's own, if no path answers it; EMFILE, ENFILE or ENOMEM if no file
/// descriptor is left to try it on.
[[nodiscard]] inline expected<answer_path> answering_path(operation op) noexcept {
    answer_path path{};
    return detail::result(abi::answering_path(op, path), path);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
