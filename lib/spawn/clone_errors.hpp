// SPDX-License-Identifier: MIT
// Explaining why no child could be made.
#ifndef PIDFD_UTIL_LIB_SPAWN_CLONE_ERRORS_HPP
#define PIDFD_UTIL_LIB_SPAWN_CLONE_ERRORS_HPP

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

/// Explains the errno of clone and clone3 for a child with these options.
[[nodiscard, gnu::cold]] int explain_clone(int error, const spawn_options& options) noexcept;

} // namespace pidfd_util

#endif
