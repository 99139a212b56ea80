// SPDX-License-Identifier: MIT
// The binary interface of orphans.hpp. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_ORPHANS_HPP
#define PIDFD_UTIL_ABI_ORPHANS_HPP

#include <pidfd_util/export.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

[[nodiscard]] PIDFD_UTIL_EXPORT int become_subreaper() noexcept;

// `fd_at(where, i)` returns the pidfd with index `i` of `count` children that are left alone.

/// Kills the caller's children, and the orphans that it adopts then, and reaps them.
[[nodiscard]] PIDFD_UTIL_EXPORT int kill_descendants(std::size_t& reaped, std::int64_t deadline,
                                                     const void* where,
                                                     int (*fd_at)(const void*, std::size_t),
                                                     std::size_t count) noexcept;
/// Reaps the caller's children that have ended.
[[nodiscard]] PIDFD_UTIL_EXPORT int reap_orphans(std::size_t& reaped, const void* where,
                                                 int (*fd_at)(const void*, std::size_t),
                                                 std::size_t count) noexcept;

} // namespace pidfd_util::abi

#endif
