// SPDX-License-Identifier: MIT
// Whether two processes have one memory, as after vfork(2).
#ifndef PIDFD_UTIL_LIB_PATHS_MEMORY_SHARING_HPP
#define PIDFD_UTIL_LIB_PATHS_MEMORY_SHARING_HPP

#include "procfs.hpp"

#include <sys/types.h>

namespace pidfd_util::memory_sharing {

/// Returns whether this thread of `process`, whose number is of this /proc, certainly shares its
/// memory with the process of `pidfd`. False also where that cannot be found out: without kcmp(2), or
/// without the right to inspect one of them. The caller settles `process` afterwards.
[[nodiscard, gnu::cold]] bool is_proved(const procfs::process& process, pid_t thread,
                                        int pidfd) noexcept;

} // namespace pidfd_util::memory_sharing

#endif
