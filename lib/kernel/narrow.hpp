// SPDX-License-Identifier: MIT
// Conversions between integers whose types are the same on some machines.
#ifndef PIDFD_UTIL_LIB_KERNEL_NARROW_HPP
#define PIDFD_UTIL_LIB_KERNEL_NARROW_HPP

#include <type_traits>

namespace pidfd_util {

/// Returns the value as a `To`, which must be able to hold it. A bare cast is reported by
/// -Wuseless-cast on machines where the types are the same, and its absence by -Wconversion on the
/// others.
template <class To, class From>
[[nodiscard]] constexpr To narrow(From value) noexcept {
    if constexpr (std::is_same_v<To, From>)
        return value;
    else
        return static_cast<To>(value);
}

} // namespace pidfd_util

#endif
