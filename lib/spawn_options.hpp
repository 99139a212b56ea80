// SPDX-License-Identifier: MIT
// Which options of spawn are accepted.
#ifndef PIDFD_UTIL_LIB_SPAWN_OPTIONS_HPP
#define PIDFD_UTIL_LIB_SPAWN_OPTIONS_HPP

#include <pidfd_util/spawn_options.hpp>

#include <cstddef>

namespace pidfd_util {

/// Copies the options of a caller whose `spawn_options` has `size` bytes, and checks them.
/// EOPNOTSUPP: an option of a later version is set. EINVAL: options that contradict each other,
/// half-set options and impossible values.
[[nodiscard]] int take_options(const spawn_options& from, std::size_t size,
                               spawn_options& taken) noexcept;

/// Returns whether the child gets other credentials than the caller.
[[nodiscard]] bool changes_credentials(const spawn_options& o) noexcept;

} // namespace pidfd_util

#endif
