// SPDX-License-Identifier: MIT
// Memory of the caller that an operation writes to.
#ifndef PIDFD_UTIL_STORAGE_HPP
#define PIDFD_UTIL_STORAGE_HPP

#include <array> // std::data and std::size; <iterator> is larger
#include <cstddef>
#include <type_traits>
#include <utility>

namespace pidfd_util {

/// An array of the caller that an operation writes to. It can be made from any contiguous range of
/// elements that can be changed, such as `char buffer[1024]`, a `std::array` or a `std::vector`.
/// Without elements, the operation writes nothing.
///
/// If the storage is too small, a list of processes or strings, or the text of a file, is cut off, and
/// the result says so: it is not `complete`. Anything else that does not fit is the error ERANGE.
template <class T>
class storage {
public:
    /// Makes a storage without elements.
    constexpr storage() noexcept = default;
    /// Makes a storage of `size` elements that begin at `data`.
    constexpr explicit storage(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    /// Makes a storage of the elements of an array, a `std::array`, a `std::vector` or a similar
    /// range.
    template <
        class Range,
        class = std::enable_if_t<std::is_convertible_v<
            std::remove_pointer_t<decltype(std::data(std::declval<Range&>()))> (*)[], T (*)[]>>>
    // cppcheck-suppress noExplicitConstructor // made in passing
    constexpr storage(Range& range) noexcept : data_(std::data(range)), size_(std::size(range)) {}

    /// Returns a pointer to the first element.
    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    /// Returns the number of elements.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace pidfd_util

#endif
