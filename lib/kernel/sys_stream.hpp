// SPDX-License-Identifier: MIT
// The system calls on pipes and other streams of bytes. The rules are those of sys.hpp.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_STREAM_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_STREAM_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>

namespace pidfd_util::sys {

/// Makes a pipe whose ends have close-on-exec set.
[[nodiscard]] int pipe(unique_fd& reading, unique_fd& writing) noexcept;
/// Finds out whether the file is the null device.
[[nodiscard]] int is_null_device(int fd, bool& is) noexcept;
/// Puts the open file into non-blocking mode, unless it is in it.
[[nodiscard]] int set_nonblocking(int fd) noexcept;
/// Gets the number of bytes that can be read. EOPNOTSUPP: the kind of file does not have it.
[[nodiscard]] int count_readable(int fd, std::size_t& count) noexcept;
/// Reads without waiting, if the file is in non-blocking mode: EAGAIN if there is nothing. `length`
/// is 0 at the end.
[[nodiscard]] int read_stream(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept;

/// Writes to pipes and sockets without raising SIGPIPE.
class quiet_writer {
public:
    /// Writes some of the bytes, without waiting if the file is in non-blocking mode: EAGAIN if
    /// there is no space. EPIPE: nothing reads it any more.
    [[nodiscard]] int write(int fd, const char* bytes, std::size_t size,
                            std::size_t& written) noexcept;

private:
    bool has_flag_ = true; // RWF_NOSIGNAL, Linux 6.18
};

} // namespace pidfd_util::sys

#endif
