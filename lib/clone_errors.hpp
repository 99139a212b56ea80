// SPDX-License-Identifier: MIT
#ifndef PIDFD_UTIL_LIB_CLONE_ERRORS_HPP
#define PIDFD_UTIL_LIB_CLONE_ERRORS_HPP

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

/// What the errno of clone and clone3 means for a child with these options.
int explain_clone(int error, const spawn_options& options) noexcept;

} // namespace pidfd_util

#endif
