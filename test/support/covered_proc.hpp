// SPDX-License-Identifier: MIT
// Mounts over entries of /proc.
#ifndef PIDFD_UTIL_TEST_COVERED_PROC_HPP
#define PIDFD_UTIL_TEST_COVERED_PROC_HPP

#include "isolated.hpp"
#include "seccomp.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace support::covered_proc {

inline constexpr long openat2_number = 437;
inline constexpr long open_tree_number = 428;
inline constexpr long move_mount_number = 429;

inline rule without_openat2() {
    return {openat2_number, ENOSYS};
}

/// Kernels on which the paths through /proc answer, with and without openat2.
inline std::vector<profile> kernels() {
    profile before_openat2 = linux_5_10();
    before_openat2.name = "5.10 without openat2";
    before_openat2.rules.push_back(without_openat2());
    profile native_without = native();
    native_without.name = "native without openat2";
    native_without.rules.push_back(without_openat2());
    return {native(), native_without, linux_5_10(), before_openat2, linux_5_4()};
}

inline surroundings of(const profile& kernel) {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    around.kernel = kernel;
    return around;
}

/// Mounts one file or directory over another; a link at the end of either path is not followed.
inline bool cover(const std::string& target, const std::string& with) {
    constexpr unsigned clone_tree = 1; // OPEN_TREE_CLONE
    const auto tree = static_cast<int>(syscall(open_tree_number, AT_FDCWD, with.c_str(),
                                               clone_tree | AT_SYMLINK_NOFOLLOW | O_CLOEXEC));
    if (tree < 0)
        return false;
    constexpr unsigned from_fd = 4; // MOVE_MOUNT_F_EMPTY_PATH
    const bool moved = syscall(move_mount_number, tree, "", AT_FDCWD, target.c_str(), from_fd) == 0;
    close(tree);
    return moved;
}

inline std::string proc_of(pid_t pid) {
    return "/proc/" + std::to_string(pid);
}

} // namespace support::covered_proc

#endif
