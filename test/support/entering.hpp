// SPDX-License-Identifier: MIT
// Enters namespaces, and compares those of the caller before and afterwards.
#ifndef PIDFD_UTIL_TEST_ENTERING_HPP
#define PIDFD_UTIL_TEST_ENTERING_HPP

#include "error_of.hpp"
#include "processes.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cstring>
#include <sched.h>
#include <string>
#include <sys/stat.h>

namespace support {

/// The caller's namespaces, by their inode numbers.
struct places {
    unsigned long long inode[7];
    bool operator==(const places& other) const {
        return std::memcmp(inode, other.inode, sizeof inode) == 0;
    }
};
enum place { cgroup, ipc, mnt, net, pid_for_children, user, uts };

inline places whereabouts() {
    constexpr const char* links[] = {"cgroup",           "ipc",  "mnt", "net",
                                     "pid_for_children", "user", "uts"};
    places p{};
    for (int i = 0; i < 7; ++i) {
        const std::string path = std::string("/proc/self/ns/") + links[i];
        struct stat st {};
        p.inode[i] = stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
    }
    return p;
}

struct entering {
    int error;
    places before;
    places after;
    bool unchanged() const { return before == after; }
};

inline entering enter(int fd, pidfd_util::namespace_flags flags) {
    entering r{};
    r.before = whereabouts();
    r.error = error_of(pidfd_util::pidfd_view(fd).set_namespace(flags));
    r.after = whereabouts();
    return r;
}

/// A child in namespaces of its own.
inline test_child in_new(int flags) {
    return test_child::ready([flags] { return unshare(flags) == 0; });
}

inline constexpr int several = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
inline constexpr pidfd_util::namespace_flags several_flags = pidfd_util::namespace_flags::uts |
                                                             pidfd_util::namespace_flags::ipc |
                                                             pidfd_util::namespace_flags::net;

inline constexpr const char* no_right = "no namespace can be made here";

} // namespace support

#endif
