// SPDX-License-Identifier: MIT
// Whether the tests run where the library can read the id of the boot.
#ifndef PIDFD_UTIL_TEST_BOOT_HPP
#define PIDFD_UTIL_TEST_BOOT_HPP

#include "processes.hpp"

#include <fcntl.h>
#include <string>

namespace support {

inline constexpr const char* boot_file = "/proc/sys/kernel/random/boot_id";
inline constexpr const char* no_boot_id =
    "there is no boot id here, or something is mounted over it";

/// False in containers of systemd-nspawn and LXC, for example, which mount a file over the boot id.
inline bool boot_id_is_readable() {
    const std::string mounts = read_file_at(AT_FDCWD, "/proc/self/mountinfo");
    return mounts.find(std::string(" ") + boot_file + " ") == std::string::npos &&
           !read_file_at(AT_FDCWD, boot_file).empty();
}

} // namespace support

#endif
