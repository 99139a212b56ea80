// SPDX-License-Identifier: MIT
// The value of an option, which may be unset.
#ifndef PIDFD_UTIL_SETTING_HPP
#define PIDFD_UTIL_SETTING_HPP

#include <cstdint>
#include <type_traits>

namespace pidfd_util {

/// The value of an option, which may be unset. Assigning a value sets it:
///
///     options.priority = 10;
///
/// It is like `std::optional`, but its layout never changes, so that it can be passed to the shared
/// library. If all its bytes are zero, it is unset.
template <class T>
class setting {
public:
    /// Makes an unset value.
    constexpr setting() noexcept = default;
    /// Makes a set value.
    // cppcheck-suppress noExplicitConstructor // an option is set by an assignment
    constexpr setting(T value) noexcept : value_(value), is_set_(1) {}

    /// Returns whether the value is set.
    [[nodiscard]] constexpr bool has_value() const noexcept { return is_set_ != 0; }
    /// Returns the value; 0 if it is unset.
    [[nodiscard]] constexpr T operator*() const noexcept { return value_; }
    /// Returns the value; `other` if it is unset.
    [[nodiscard]] constexpr T value_or(T other) const noexcept {
        return has_value() ? value_ : other;
    }
    /// Makes the value unset.
    constexpr void reset() noexcept { *this = setting(); }

private:
    static_assert(sizeof(T) == 4 && std::is_integral_v<T>, "there would be padding");

    T value_ = 0;
    std::uint32_t is_set_ = 0;
};

} // namespace pidfd_util

#endif
