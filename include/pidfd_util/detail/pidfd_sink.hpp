// SPDX-License-Identifier: MIT
// Storing the pidfds that a function of the binary interface opens.
#ifndef PIDFD_UTIL_DETAIL_PIDFD_SINK_HPP
#define PIDFD_UTIL_DETAIL_PIDFD_SINK_HPP

#include <pidfd_util/listing.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/storage.hpp>

#include <cstddef>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

/// Where a function of the binary interface stores pidfds.
class pidfd_sink {
public:
    /// Closes the elements of the storage.
    explicit pidfd_sink(storage<pidfd> found) noexcept : to_(found), count_(found.size()) {
        reset_all();
    }

    static void store(void* where, std::size_t i, int fd) {
        auto& sink = *static_cast<pidfd_sink*>(where);
        sink.to_.data()[i] = (std::move)(*owned<pidfd>(0, fd));
        sink.count_ = i + 1;
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    void reset_all() noexcept {
        for (std::size_t i = 0; i < count_; ++i)
            to_.data()[i].reset();
        count_ = 0;
    }

private:
    storage<pidfd> to_;
    std::size_t count_;
};

[[nodiscard]] inline expected<listing> listing_of(int error, pidfd_sink& sink,
                                                  bool complete) noexcept {
    if (error == 0)
        return listing{sink.count(), complete};
    sink.reset_all();
    return failure(error);
}

} // namespace detail

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
