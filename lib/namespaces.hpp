// SPDX-License-Identifier: MIT
#ifndef PIDFD_UTIL_LIB_NAMESPACES_HPP
#define PIDFD_UTIL_LIB_NAMESPACES_HPP

#include <pidfd_util/namespaces.hpp>

namespace pidfd_util {

/// What setns(2) means by EINVAL, of a pidfd and of flags that may be combined: EOPNOTSUPP where the
/// kernel takes no pidfd or was built without one of the types, else EINVAL.
int explain_invalid_setns(int fd, namespace_flags flags) noexcept;

} // namespace pidfd_util

#endif
