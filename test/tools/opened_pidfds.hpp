// SPDX-License-Identifier: MIT
// Waits until a tool has opened the processes that it was given.
#ifndef PIDFD_UTIL_TEST_OPENED_PIDFDS_HPP
#define PIDFD_UTIL_TEST_OPENED_PIDFDS_HPP

#include <array>
#include <dirent.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>

namespace run_tool {

/// Returns how many pidfds the process has open, as /proc shows them.
inline int count_pidfds(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/";
    DIR* const directory = opendir(path.c_str());
    if (directory == nullptr)
        return 0;
    int count = 0;
    while (const dirent* entry = readdir(directory)) {
        std::array<char, 64> target{};
        const auto length = readlink((path + entry->d_name).c_str(), target.data(), target.size());
        const std::string_view name(target.data(),
                                    length > 0 ? static_cast<std::size_t>(length) : 0);
        if (name.find("pidfd") != name.npos && name[0] != '/')
            ++count;
    }
    closedir(directory);
    return count;
}

/// Waits until the process has so many pidfds. False if it has not after 20 seconds.
inline bool has_opened(pid_t pid, int count) {
    for (int i = 0; i < 20'000; ++i) {
        if (count_pidfds(pid) >= count)
            return true;
        usleep(1000);
    }
    return false;
}

} // namespace run_tool

#endif
