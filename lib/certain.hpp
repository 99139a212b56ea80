// SPDX-License-Identifier: MIT
// Telling the kernel's answer from a seccomp filter's, for calls in a spawned child.
#ifndef PIDFD_UTIL_LIB_CERTAIN_HPP
#define PIDFD_UTIL_LIB_CERTAIN_HPP

#include "answer.hpp"

namespace pidfd_util {

/// The result of a call: 0, or a negated errno; as far as the kernel gave it. `impossible`
/// makes the same call with arguments with which the kernel neither lets it succeed nor asks for
/// rights. If that succeeds or is forbidden, a filter has answered both: ENOSYS or ERFKILL.
template <class Call, class Impossible>
long certain(Call make, Impossible impossible) noexcept {
    const auto result = static_cast<int>(make());
    const auto control = [&] { return static_cast<int>(impossible()); };
    return result == 0 ? -who_succeeds(control) : -who_forbids(-result, control);
}

} // namespace pidfd_util

#endif
