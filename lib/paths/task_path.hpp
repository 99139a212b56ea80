// SPDX-License-Identifier: MIT
// The path of a file of a thread, from the directory of its process.
#ifndef PIDFD_UTIL_LIB_PATHS_TASK_PATH_HPP
#define PIDFD_UTIL_LIB_PATHS_TASK_PATH_HPP

#include "../kernel/text.hpp"

#include <cerrno>
#include <string_view>
#include <sys/types.h>

namespace pidfd_util {

/// Stores the path of the thread's file `name`, or of its directory if `name` is empty.
/// ENAMETOOLONG if it does not fit.
[[nodiscard]] inline int set_task_path(text::numbered_path& path, pid_t tid,
                                       std::string_view name) noexcept {
    return path.set("task/", tid, name) ? 0 : ENAMETOOLONG;
}

} // namespace pidfd_util

#endif
