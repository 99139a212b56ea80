// SPDX-License-Identifier: MIT
// A view of text that the caller owns.
#ifndef PIDFD_UTIL_TEXT_VIEW_HPP
#define PIDFD_UTIL_TEXT_VIEW_HPP

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pidfd_util {

/// A view of text, or of other bytes, that the caller owns and keeps alive. It can be made from a
/// literal, a `std::string_view`, and from a string that is an lvalue. It cannot be made from a
/// temporary string, const or not, which would be destroyed before the view is used:
/// `e.input = make_text()` does not compile.
class text_view {
public:
    /// Makes an empty view.
    constexpr text_view() noexcept = default;
    /// Makes a view of a text that converts to `std::string_view`.
    template <class Text,
              class = std::enable_if_t<std::is_convertible_v<Text, std::string_view> &&
                                       (std::is_lvalue_reference_v<Text> ||
                                        std::is_same_v<std::decay_t<Text>, const char*> ||
                                        std::is_same_v<std::decay_t<Text>, std::string_view>)>>
    // cppcheck-suppress noExplicitConstructor // a view is made in passing
    constexpr text_view(Text&& text) noexcept : view_(text) {}

    /// Returns a pointer to the first byte.
    [[nodiscard]] constexpr const char* data() const noexcept { return view_.data(); }
    /// Returns the number of bytes.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return view_.size(); }
    /// Returns the text.
    constexpr operator std::string_view() const noexcept { return view_; }

private:
    std::string_view view_;
};

} // namespace pidfd_util

#endif
