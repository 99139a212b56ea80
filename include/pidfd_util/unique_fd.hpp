// SPDX-License-Identifier: MIT
// The owner of a file descriptor.
#ifndef PIDFD_UTIL_UNIQUE_FD_HPP
#define PIDFD_UTIL_UNIQUE_FD_HPP

#include <pidfd_util/abi.hpp>

#include <utility>

namespace pidfd_util {

/// The owner of a file descriptor of any kind, which it closes exactly once. An empty owner holds
/// -1.
class [[nodiscard]] unique_fd {
public:
    /// Makes an empty owner.
    constexpr unique_fd() noexcept = default;

    /// Takes over `fd`, which nothing else may close from now on.
    constexpr explicit unique_fd(int fd) noexcept : fd_(fd) {}

    /// Takes over the other owner's file descriptor, and leaves that owner empty.
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    /// Closes the file descriptor of this owner, takes over the other owner's, and leaves that
    /// owner empty.
    unique_fd& operator=(unique_fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    unique_fd(const unique_fd&) = delete;
    unique_fd& operator=(const unique_fd&) = delete;
    ~unique_fd() { reset(); }

    /// Returns the file descriptor, or -1 if the owner is empty. The owner keeps the file
    /// descriptor.
    [[nodiscard]] constexpr int get() const noexcept { return fd_; }
    /// Returns whether the owner holds a file descriptor.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Returns the file descriptor, which the caller must close, and leaves the owner empty.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes the file descriptor of this owner and takes over `fd`. Does not change errno.
    void reset(int fd = -1) noexcept {
        const int old = std::exchange(fd_, fd);
        if (old >= 0 && old != fd)
            abi::close(old);
    }

private:
    int fd_ = -1;
};

} // namespace pidfd_util

#endif
