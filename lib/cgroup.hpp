// SPDX-License-Identifier: MIT
// The id of a process's cgroup from /proc: its path, the cgroup2 mount, and the directory there.
#ifndef PIDFD_UTIL_LIB_CGROUP_HPP
#define PIDFD_UTIL_LIB_CGROUP_HPP

#include "procfs.hpp"

#include <climits>
#include <cstdint>
#include <string_view>

namespace pidfd_util::cgroup {

/// EOPNOTSUPP: there is no cgroup2, or no mount that shows the cgroup. `pidfd` is the one that the
/// process was opened with. Takes some 13 KiB of stack.
int find_id(const procfs::process& process, int pidfd, std::uint64_t& id) noexcept;

/// A line of mountinfo, as far as it matters here.
struct mount {
    int id;
    std::string_view root;  // escaped
    std::string_view point; // escaped
    std::string_view type;
};
bool parse_mount(std::string_view line, mount& result) noexcept;

/// Takes the mount's root off the front of a cgroup's path. False where the path does not lie below
/// it, or on a way that its text does not tell: over "..".
bool take_root(std::string_view& path, std::string_view escaped_root) noexcept;

/// A path of at most PATH_MAX bytes with its end.
struct path_buffer {
    char text[PATH_MAX];
};
/// Joins the mount point and what is below it. False where that is too long.
bool join(std::string_view escaped_point, std::string_view rest, path_buffer& result) noexcept;

} // namespace pidfd_util::cgroup

#endif
