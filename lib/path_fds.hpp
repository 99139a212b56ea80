// SPDX-License-Identifier: MIT
// The file descriptors by which a path leads to its file.
#ifndef PIDFD_UTIL_LIB_PATH_FDS_HPP
#define PIDFD_UTIL_LIB_PATH_FDS_HPP

#include <cstddef>

namespace pidfd_util {

/// The file descriptors of the caller that paths lead through, as /proc/self/fd/5, /dev/fd/5/tool
/// and symbolic links to them do. Where a path does so depends on the working directory, the root
/// and the rights of the caller.
class path_fds {
public:
    /// A path that cannot be followed to its end leads nowhere. Makes no file descriptor, as there
    /// may be none left. Returns 0, or a negated errno: EMFILE for more than `capacity` file
    /// descriptors; ERFKILL or EOPNOTSUPP where a sandbox does not let the path be followed.
    long add_from(const char* path) noexcept;

    const int* begin() const noexcept { return fds_; }
    const int* end() const noexcept { return fds_ + count_; }

    static constexpr std::size_t capacity = 64;

private:
    long add(int fd) noexcept;

    int fds_[capacity] = {};
    std::size_t count_ = 0;
};

} // namespace pidfd_util

#endif
