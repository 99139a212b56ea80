// SPDX-License-Identifier: MIT
// Reading the numbers that a directory of /proc lists: its processes, or the threads of one.
#ifndef PIDFD_UTIL_LIB_PATHS_DIRECTORY_HPP
#define PIDFD_UTIL_LIB_PATHS_DIRECTORY_HPP

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace pidfd_util::directory {

/// The kernel's struct linux_dirent64 without the name.
struct entry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
};
inline constexpr std::size_t name_offset = 19;

/// Calls `f` with every entry that is a number and with the position behind it, until it returns
/// false. Begins at a position that an earlier call has passed, or at 0. Returns 0 or an errno.
template <class F>
[[nodiscard]] int for_each_number_from(int dir, std::int64_t position, F f) noexcept {
    if (position != 0)
        if (const int error = sys::seek(dir, position); error != 0)
            return error;
    alignas(std::uint64_t) char buffer[1024];
    for (bool listed = position != 0;; listed = true) {
        std::size_t size = 0;
        if (const int error = sys::read_directory(dir, buffer, sizeof buffer, size); error != 0)
            return error;
        if (size == 0) // every directory lists at least itself
            return listed ? 0 : EBADMSG;
        for (std::size_t at = 0; at < size;) {
            entry found{};
            std::memcpy(&found, buffer + at, name_offset);
            int number = 0;
            if (text::parse_pid(buffer + at + name_offset, number) && !f(number, found.offset))
                return 0;
            at += found.size;
        }
    }
}

/// Calls `f` with every entry that is a number, until it returns false. Returns 0 or an errno.
template <class F>
[[nodiscard]] int for_each_number(int dir, F f) noexcept {
    return for_each_number_from(dir, 0, [&f](int number, std::int64_t) { return f(number); });
}

} // namespace pidfd_util::directory

#endif
