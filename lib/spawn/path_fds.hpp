// SPDX-License-Identifier: MIT
// Finding the file descriptors that a path leads through.
#ifndef PIDFD_UTIL_LIB_SPAWN_PATH_FDS_HPP
#define PIDFD_UTIL_LIB_SPAWN_PATH_FDS_HPP

#include <cstddef>

namespace pidfd_util {

/// Collects the caller's file descriptors that paths lead through, as /proc/self/fd/5,
/// /dev/fd/5/tool and symbolic links to them do. Whether a path does so depends on the working
/// directory, the root and the permissions of the caller.
class path_fds {
public:
    /// Adds those of one path, up to where it cannot be followed. Opens nothing, as there may be no
    /// file descriptor left. EMFILE: more than `capacity` file descriptors. ERFKILL, EOPNOTSUPP: a
    /// sandbox does not allow the path to be followed.
    [[nodiscard]] int add_from(const char* path) noexcept;

    /// Adds one file descriptor. EMFILE as above.
    [[nodiscard]] int add(int fd) noexcept;

    [[nodiscard]] const int* begin() const noexcept { return fds_; }
    [[nodiscard]] const int* end() const noexcept { return fds_ + count_; }

    static constexpr std::size_t capacity = 64;

private:
    int fds_[capacity] = {};
    std::size_t count_ = 0;
};

} // namespace pidfd_util

#endif
