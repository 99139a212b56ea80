// SPDX-License-Identifier: MIT
// A value that an option has, or has not.
#ifndef PIDFD_UTIL_SETTING_HPP
#define PIDFD_UTIL_SETTING_HPP

#include <cstdint>
#include <type_traits>

namespace pidfd_util {

/// An option's value, if the option is set. Assigning a value sets it:
///
///     options.priority = 10;
///
/// This is `std::optional` with a layout that never changes, so that it can cross the boundary of
/// the shared library. If all its bytes are zero, it is not set.
template <class T>
class setting {
public:
    /// Not set.
    constexpr setting() noexcept = default;
    /// Set to `value`.
    // cppcheck-suppress noExplicitConstructor // an option is set by an assignment
    constexpr setting(T value) noexcept : value_(value), is_set_(1) {}

    /// Returns whether it is set.
    [[nodiscard]] constexpr bool has_value() const noexcept { return is_set_ != 0; }
    /// Returns the value; if it is not set, a zero.
    [[nodiscard]] constexpr T operator*() const noexcept { return value_; }
    /// Returns the value; if it is not set, `other`.
    [[nodiscard]] constexpr T value_or(T other) const noexcept {
        return has_value() ? value_ : other;
    }
    /// Makes it not set.
    constexpr void reset() noexcept { *this = setting(); }

private:
    static_assert(sizeof(T) == 4 && std::is_integral_v<T>, "there would be padding");

    T value_ = 0;
    std::uint32_t is_set_ = 0;
};

} // namespace pidfd_util

#endif
