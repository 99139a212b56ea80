// SPDX-License-Identifier: MIT
// Distinguishing the kernel's answer from a seccomp filter's, for system calls in a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_CERTAIN_HPP
#define PIDFD_UTIL_LIB_SPAWN_CERTAIN_HPP

#include "../kernel/explain.hpp"

namespace pidfd_util {

/// Returns the result of a call, 0 or an errno, if it came from the kernel. `impossible` makes the
/// same call with arguments that the kernel never accepts and for which it checks no permission. If
/// that succeeds or is forbidden, a filter answered both: ENOSYS or ERFKILL.
template <class Call, class Impossible>
[[nodiscard]] int certain(Call make, Impossible impossible) noexcept {
    const int error = make();
    return error == 0 ? explain_success(impossible) : explain_denial(error, impossible);
}

} // namespace pidfd_util

#endif
