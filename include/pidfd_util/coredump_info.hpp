// SPDX-License-Identifier: MIT
// What the kernel tells of a core dump.
#ifndef PIDFD_UTIL_COREDUMP_INFO_HPP
#define PIDFD_UTIL_COREDUMP_INFO_HPP

#include <optional>

namespace pidfd_util {

/// The kernel's word on a core dump: PIDFD_COREDUMP* of ioctl_pidfd(2). For a living process
/// `as_user` and `as_root` tell how its core would be dumped.
struct coredump_info {
    bool dumped;               ///< the process crashed, and its core was handed to a dump server
    bool skipped;              ///< no core was written
    bool as_user;              ///< with the rights of the user
    bool as_root;              ///< only for root to read
    std::optional<int> signal; ///< the signal that brought it down; Linux 6.19
    std::optional<int> code;   ///< that signal's si_code; Linux 7.x
};

} // namespace pidfd_util

#endif
