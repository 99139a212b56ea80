// SPDX-License-Identifier: MIT
// The path of a process's cgroup.
#ifndef PIDFD_UTIL_CGROUP_PATH_HPP
#define PIDFD_UTIL_CGROUP_PATH_HPP

#include <string_view>

namespace pidfd_util {

/// The path of a cgroup in the cgroup2 hierarchy, as the caller's cgroup namespace shows it. It
/// begins with a slash. A cgroup outside of that namespace has a path that begins with "/..".
struct cgroup_path {
    std::string_view path; ///< in the caller's storage
    bool removed;          ///< the process has ended, and its cgroup was removed
};

} // namespace pidfd_util

#endif
