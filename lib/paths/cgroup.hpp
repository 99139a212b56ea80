// SPDX-License-Identifier: MIT
// Finding the id of a process's cgroup through /proc: the cgroup's path, and its directory.
#ifndef PIDFD_UTIL_LIB_PATHS_CGROUP_HPP
#define PIDFD_UTIL_LIB_PATHS_CGROUP_HPP

#include "cgroup_mount.hpp"
#include "procfs.hpp"

#include <cstdint>
#include <string_view>

namespace pidfd_util::cgroup {

/// Gets the id of the process's cgroup. EOPNOTSUPP: there is no cgroup2, or no mount shows the
/// cgroup. Uses some 17 KiB of stack.
[[nodiscard]] int find_id(const procfs::process& process, std::uint64_t& id) noexcept;

/// Reads the path of the process's cgroup2, as the caller's cgroup namespace shows it. `removed` is
/// set if the cgroup was removed: the kernel appends " (deleted)" to its path, and only a thread that
/// has exited can be in it. EOPNOTSUPP: there is no cgroup2.
[[nodiscard]] int read_path(const procfs::process& process, path_buffer& buffer,
                            std::string_view& path, bool& removed) noexcept;

} // namespace pidfd_util::cgroup

#endif
