// SPDX-License-Identifier: MIT
// A view of an array that the caller owns.
#ifndef PIDFD_UTIL_ARRAY_VIEW_HPP
#define PIDFD_UTIL_ARRAY_VIEW_HPP

#include <array> // std::data and std::size; <iterator> is larger
#include <cstddef>
#include <type_traits>
#include <utility>

namespace pidfd_util {

/// A view of an array that the caller owns and keeps alive. It can be made from any contiguous
/// range that is an lvalue. It cannot be made from a temporary, const or not, which would be
/// destroyed before the view is used: `options.fds = make_mappings()` does not compile.
template <class T>
class array_view {
public:
    /// Makes an empty view.
    constexpr array_view() noexcept = default;
    /// Makes a view of `size` elements that begin at `data`.
    constexpr explicit array_view(const T* data, std::size_t size) noexcept
        : data_(data), size_(size) {}
    /// Makes a view of an array, a `std::array`, a `std::vector` or a similar range.
    template <class Range,
              // Range& alone would accept a const temporary, as Range would be deduced as const.
              class = std::enable_if_t<
                  std::is_lvalue_reference_v<Range> &&
                  std::is_convertible_v<
                      std::remove_pointer_t<decltype(std::data(std::declval<Range>()))> (*)[],
                      const T (*)[]>>>
    // cppcheck-suppress noExplicitConstructor // a view is made in passing
    constexpr array_view(Range&& range) noexcept
        : data_(std::data(range)), size_(std::size(range)) {}

    /// Returns a pointer to the first element.
    [[nodiscard]] constexpr const T* begin() const noexcept { return data_; }
    /// Returns a pointer behind the last element.
    [[nodiscard]] constexpr const T* end() const noexcept { return data_ + size_; }
    /// Returns the number of elements.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace pidfd_util

#endif
