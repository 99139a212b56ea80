// SPDX-License-Identifier: MIT
// Checking the options of spawn.
#ifndef PIDFD_UTIL_LIB_SPAWN_SPAWN_OPTIONS_HPP
#define PIDFD_UTIL_LIB_SPAWN_SPAWN_OPTIONS_HPP

#include <pidfd_util/spawn_options.hpp>

#include <cstddef>

namespace pidfd_util {

/// A number that is above those of all CPUs that a kernel supports.
inline constexpr int cpu_limit = 8192;

/// Copies the options of a caller whose `spawn_options` has `size` bytes, and checks them, except
/// the mappings. EOPNOTSUPP: an option of a later version is set. EINVAL: options contradict each
/// other or `file`, are set only in part, or have impossible values.
[[nodiscard, gnu::cold]] int take_options(const spawn_options& from, std::size_t size,
                                          const char* file, spawn_options& taken) noexcept;

/// Returns whether the child gets other credentials than the caller.
[[nodiscard]] bool changes_credentials(const spawn_options& o) noexcept;

} // namespace pidfd_util

#endif
