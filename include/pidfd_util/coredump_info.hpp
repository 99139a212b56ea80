// SPDX-License-Identifier: MIT
// What the kernel reports about a core dump.
#ifndef PIDFD_UTIL_COREDUMP_INFO_HPP
#define PIDFD_UTIL_COREDUMP_INFO_HPP

#include <optional>

namespace pidfd_util {

/// The kernel's report about a core dump: PIDFD_COREDUMP* of ioctl_pidfd(2). For a running process,
/// `as_user` and `as_root` show how its core would be dumped.
struct coredump_info {
    bool dumped;  ///< whether the process crashed, and its core was passed to a dump server
    bool skipped; ///< whether no core was written
    bool as_user; ///< whether the core is dumped with the rights of the user
    bool as_root; ///< whether only root can read the core
    std::optional<int> signal; ///< the signal that caused the dump; Linux 6.19
    std::optional<int> code;   ///< the si_code of that signal; Linux 7.x
};

} // namespace pidfd_util

#endif
