// SPDX-License-Identifier: MIT
// Reading the numbers that a directory of /proc lists: threads, file descriptors.
#ifndef PIDFD_UTIL_LIB_DIRECTORY_HPP
#define PIDFD_UTIL_LIB_DIRECTORY_HPP

#include "sys.hpp"
#include "text.hpp"
#include "uapi.hpp"

#include <cstdint>
#include <cstring>

namespace pidfd_util::directory {

/// The kernel's struct linux_dirent64, up to the name.
struct entry {
    std::uint64_t inode;
    std::int64_t offset;
    std::uint16_t size;
    std::uint8_t type;
};
inline constexpr std::size_t name_offset = 19;

/// Calls `f` with every entry that is a number, until it returns false. Returns 0 or an errno.
template <class F>
int for_each_number(int dir, F f) noexcept {
    alignas(std::uint64_t) char buffer[1024];
    for (;;) {
        const long size = sys::call(SYS_getdents64, dir, buffer, sizeof buffer);
        if (size <= 0)
            return static_cast<int>(-size);
        for (long at = 0; at < size;) {
            entry found{};
            std::memcpy(&found, buffer + at, name_offset);
            int number = 0;
            if (text::parse_pid(buffer + at + name_offset, number) && !f(number))
                return 0;
            at += found.size;
        }
    }
}

} // namespace pidfd_util::directory

#endif
