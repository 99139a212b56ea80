// SPDX-License-Identifier: MIT
// What a file descriptor is, and how far the life of its process has gone. These answers do not
// rest on the features that the probe layer asks about.
#ifndef PIDFD_UTIL_LIB_IDENTIFY_HPP
#define PIDFD_UTIL_LIB_IDENTIFY_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstdint>

namespace pidfd_util::identify {

/// Opens a pidfd of the calling process.
int open_self(unique_fd& self) noexcept;

/// 0: a pidfd. EBADF: closed. EBADFD: something else. EOPNOTSUPP, ERFKILL: no way to tell.
int check(int fd) noexcept;

/// What is known to be wrong with the fd: EBADF or EBADFD as above, or 0.
int fault_of(int fd) noexcept;

/// What is known to be wrong with the fd, or else `error`.
int fault_or(int fd, int error) noexcept;

/// Whether the process has ended, reaped or not, before the deadline. `fd` is a pidfd.
int has_ended(int fd, std::int64_t deadline, bool& ended) noexcept;
inline int has_ended(int fd, bool& ended) noexcept {
    return has_ended(fd, 0, ended);
}

/// Whether the process was reaped. `fd` is a pidfd.
int is_reaped(int fd, bool& reaped) noexcept;

} // namespace pidfd_util::identify

#endif
