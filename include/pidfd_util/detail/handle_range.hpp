// SPDX-License-Identifier: MIT
// Passing a contiguous range of handles to the binary interface.
#ifndef PIDFD_UTIL_DETAIL_HANDLE_RANGE_HPP
#define PIDFD_UTIL_DETAIL_HANDLE_RANGE_HPP

#include <pidfd_util/expected.hpp>

#include <array> // std::data and std::size; <iterator> is larger
#include <cstddef>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

/// Refers to the range. `fd_at(first(), i)` returns the file descriptor of the handle with index `i`.
template <class Range>
struct handle_range {
    const Range& range;

    [[nodiscard]] const void* first() const noexcept { return std::data(range); }
    [[nodiscard]] std::size_t size() const noexcept { return std::size(range); }
    static int fd_at(const void* first, std::size_t i) {
        return (static_cast<decltype(std::data(range))>(first) + i)->fd();
    }
};

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
