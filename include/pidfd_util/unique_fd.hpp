// SPDX-License-Identifier: MIT
// Owner of a file descriptor.
#ifndef PIDFD_UTIL_UNIQUE_FD_HPP
#define PIDFD_UTIL_UNIQUE_FD_HPP

#include <pidfd_util/abi.hpp>

#include <utility>

namespace pidfd_util {

/// Owns a file descriptor of any kind and closes it once. Empty is -1.
class [[nodiscard]] unique_fd {
public:
    /// Holds nothing.
    constexpr unique_fd() noexcept = default;

    /// Takes over `fd`, which nobody else may close from now on.
    constexpr explicit unique_fd(int fd) noexcept : fd_(fd) {}

    /// Takes over the file descriptor; the other one is empty then.
    unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
    /// Closes what it held, and takes over the other's.
    unique_fd& operator=(unique_fd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    unique_fd(const unique_fd&) = delete;
    unique_fd& operator=(const unique_fd&) = delete;
    ~unique_fd() { reset(); }

    /// The file descriptor, which stays this one's; -1 if it is empty.
    [[nodiscard]] constexpr int get() const noexcept { return fd_; }
    /// Whether it holds one.
    [[nodiscard]] constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the file descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes what is held and takes over `fd`. Leaves errno alone.
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
