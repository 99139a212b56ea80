// SPDX-License-Identifier: MIT
// Telling the kernel's answer from a seccomp filter's, for calls in a spawned child.
#ifndef PIDFD_UTIL_LIB_CERTAIN_HPP
#define PIDFD_UTIL_LIB_CERTAIN_HPP

#include <cerrno>

namespace pidfd_util {

/// The result of a call: 0 or more, or a negated errno; as far as the kernel gave it. `impossible`
/// makes the same call with arguments with which the kernel neither lets it succeed nor asks for
/// rights. If that succeeds or is forbidden, a filter has answered both: ENOSYS or ERFKILL.
template <class Call, class Impossible>
long certain(Call make, Impossible impossible) noexcept {
    const long result = make();
    if (result == 0)
        return impossible() == 0 ? -ENOSYS : 0;
    if (result == -EPERM || result == -EACCES) {
        const long other = impossible();
        return other == -EPERM || other == -EACCES ? -ERFKILL : result;
    }
    return result;
}

} // namespace pidfd_util

#endif
