// SPDX-License-Identifier: MIT
// The binary interface of cgroups. The rules of abi.hpp apply. `dir` is the directory of a cgroup.
#ifndef PIDFD_UTIL_ABI_CGROUP_HPP
#define PIDFD_UTIL_ABI_CGROUP_HPP

#include <pidfd_util/export.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_open(const char* path, int& dir) noexcept;
/// Checks that `dir` is the directory of a cgroup, and sets its close-on-exec flag.
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_adopt(int dir) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_get_id(int dir, std::uint64_t& id) noexcept;

/// Makes a cgroup below `dir`, and opens it.
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_create(int dir, int& made, const char* name) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_open_below(int dir, int& opened,
                                                      const char* name) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_remove(int dir, const char* name) noexcept;

/// Opens the members. `store(where, i, fd)` takes over the pidfd with index `i`, which is below
/// `capacity`. After an errno, the caller closes what was stored.
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_members(int dir, bool& complete, void* where,
                                                   void (*store)(void*, std::size_t, int),
                                                   std::size_t capacity) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_kill(int dir) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_set_frozen(int dir, bool frozen) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_is_frozen(int dir, bool& frozen) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_is_empty(int dir, bool& empty) noexcept;
/// Waits until the cgroup is empty. `empty` is false if the deadline passed; likewise below.
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_wait_empty(int dir, std::int64_t deadline,
                                                      bool& empty) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_wait_frozen(int dir, std::int64_t deadline,
                                                       bool& frozen) noexcept;
/// Opens cgroup.events.
[[nodiscard]] PIDFD_UTIL_EXPORT int cgroup_open_events(int dir, int& events) noexcept;

} // namespace pidfd_util::abi

#endif
