// SPDX-License-Identifier: MIT
// The other threads of a process whose first thread has exited: the process lives on in them.
#ifndef PIDFD_UTIL_LIB_THREADS_HPP
#define PIDFD_UTIL_LIB_THREADS_HPP

#include "procfs.hpp"

#include <pidfd_util/unique_fd.hpp>

namespace pidfd_util::threads {

/// Opens /proc/PID/task/TID/LINK, a link to a namespace, of a thread that has not exited. `process`
/// is to be settled by the caller. ENOENT: every thread has exited, or is about to.
int open_namespace(const procfs::process& process, const char* link, unique_fd& ns) noexcept;

/// Opens a pidfd of a thread that has not exited. ESRCH: the process has ended. EOPNOTSUPP: before
/// Linux 6.9, and where /proc is missing or belongs to another pid namespace.
int open_living(int pidfd, unique_fd& thread) noexcept;

} // namespace pidfd_util::threads

#endif
