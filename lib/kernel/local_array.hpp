// SPDX-License-Identifier: MIT
// An array for one call, without a heap.
#ifndef PIDFD_UTIL_LIB_KERNEL_LOCAL_ARRAY_HPP
#define PIDFD_UTIL_LIB_KERNEL_LOCAL_ARRAY_HPP

#include "sys.hpp"

#include <cerrno>
#include <cstddef>
#include <limits>

namespace pidfd_util {

/// An array of zeros: inside the object up to `few` elements, otherwise in memory that is mapped until
/// the object ends.
template <class T, std::size_t few>
class local_array {
public:
    local_array() noexcept = default;
    ~local_array() {
        if (mapped_ != nullptr)
            sys::unmap(mapped_, size_);
    }
    local_array(const local_array&) = delete;
    local_array& operator=(const local_array&) = delete;

    /// Call it once, before `get`. ENOMEM, EAGAIN: the memory cannot be mapped.
    [[nodiscard]] int make(std::size_t count) noexcept {
        if (count <= few)
            return 0;
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            return ENOMEM;
        size_ = count * sizeof(T);
        return sys::map_memory(size_, mapped_);
    }
    /// Returns the first element.
    [[nodiscard]] T* get() noexcept {
        return mapped_ != nullptr ? static_cast<T*>(mapped_) : inside_;
    }

private:
    T inside_[few] = {};
    void* mapped_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace pidfd_util

#endif
