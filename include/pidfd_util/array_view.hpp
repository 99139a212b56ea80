// SPDX-License-Identifier: MIT
// A list of values that somebody else keeps.
#ifndef PIDFD_UTIL_ARRAY_VIEW_HPP
#define PIDFD_UTIL_ARRAY_VIEW_HPP

#include <cstddef>
#include <iterator>
#include <type_traits>
#include <utility>

namespace pidfd_util {

/// A view of an array that somebody else keeps. It is made of any contiguous range that has a name,
/// or is referred to by an lvalue. It is not made of a temporary, which would be gone before the view
/// is used: `options.fds = make_mappings()` does not compile, const or not.
template <class T>
class array_view {
public:
    /// Of nothing.
    constexpr array_view() noexcept = default;
    /// Of `size` elements from `data` on.
    constexpr explicit array_view(const T* data, std::size_t size) noexcept
        : data_(data), size_(size) {}
    /// Of an array, a `std::array`, a `std::vector` or the like.
    template <class Range,
              // A Range& alone would take a const temporary: it would be deduced as const.
              class = std::enable_if_t<
                  std::is_lvalue_reference_v<Range> &&
                  std::is_convertible_v<
                      std::remove_pointer_t<decltype(std::data(std::declval<Range>()))> (*)[],
                      const T (*)[]>>>
    // cppcheck-suppress noExplicitConstructor // a view is made in passing
    constexpr array_view(Range&& range) noexcept
        : data_(std::data(range)), size_(std::size(range)) {}

    /// The first element.
    [[nodiscard]] constexpr const T* begin() const noexcept { return data_; }
    /// Behind the last element.
    [[nodiscard]] constexpr const T* end() const noexcept { return data_ + size_; }
    /// The number of elements.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace pidfd_util

#endif
