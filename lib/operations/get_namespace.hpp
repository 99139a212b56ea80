// SPDX-License-Identifier: MIT
// The paths of get_namespace, which set_namespace uses too.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_GET_NAMESPACE_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_GET_NAMESPACE_HPP

#include "../paths/namespace_kinds.hpp"

#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util {

[[nodiscard]] int open_namespace(int fd, const namespace_kind& kind, unique_fd& ns,
                                 answer_path* answered) noexcept;
/// Opens the namespace through /proc only.
[[nodiscard]] int open_namespace_by_procfs(int fd, const namespace_kind& kind,
                                           unique_fd& ns) noexcept;

} // namespace pidfd_util

#endif
