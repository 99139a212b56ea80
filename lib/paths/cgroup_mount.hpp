// SPDX-License-Identifier: MIT
// Finding the directory of a cgroup: the cgroup2 mount, and the path below it.
#ifndef PIDFD_UTIL_LIB_PATHS_CGROUP_MOUNT_HPP
#define PIDFD_UTIL_LIB_PATHS_CGROUP_MOUNT_HPP

#include <climits>
#include <cstdint>
#include <string_view>

namespace pidfd_util::cgroup {

/// Gets the id of the directory of the cgroup that a file of /proc shows as `path`, which begins with
/// a slash. EOPNOTSUPP: no mount shows it. `root` is that /proc.
[[nodiscard]] int resolve(int root, std::string_view path, std::uint64_t& id) noexcept;

/// The fields of a line of mountinfo that are needed here.
struct mount {
    int id;
    std::string_view root;  // escaped
    std::string_view point; // escaped
    std::string_view type;
};
[[nodiscard]] bool parse_mount(std::string_view line, mount& result) noexcept;

/// Removes the mount's root from the front of a cgroup's path. Returns false if the path does not
/// lie below it, or goes through "..", where its text does not show where it leads.
[[nodiscard]] bool take_root(std::string_view& path, std::string_view escaped_root) noexcept;

/// Holds a path of at most PATH_MAX bytes, with its null.
struct path_buffer {
    char text[PATH_MAX];
};
/// Joins the mount point and the path below it. Returns false if that is too long.
[[nodiscard]] bool join(std::string_view escaped_point, std::string_view rest,
                        path_buffer& result) noexcept;

} // namespace pidfd_util::cgroup

#endif
