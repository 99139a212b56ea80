// SPDX-License-Identifier: MIT
// Finding out what a file descriptor is, and whether its process has ended or was reaped. These
// answers do not depend on the features that lib/choose tries out.
#ifndef PIDFD_UTIL_LIB_PATHS_IDENTIFY_HPP
#define PIDFD_UTIL_LIB_PATHS_IDENTIFY_HPP

#include <pidfd_util/unique_fd.hpp>

#include <cstdint>
#include <sys/types.h>

namespace pidfd_util::identify {

/// Opens a pidfd of the calling process.
[[nodiscard]] int open_self(unique_fd& self) noexcept;

/// Opens what has this pid now: a process, or otherwise a thread. ESRCH: neither.
[[nodiscard]] int open_process_or_thread(pid_t pid, unique_fd& opened) noexcept;

/// Returns 0 for a pidfd. EBADF: closed. EBADFD: something else. EOPNOTSUPP, ERFKILL: there is no
/// way to find out.
[[nodiscard]] int check(int fd) noexcept;

/// Returns EBADF or EBADFD if `check` does, and 0 otherwise.
[[nodiscard]] int fault_of(int fd) noexcept;

/// Explains an errno that a fault of the fd can have caused: returns that fault, otherwise `error`.
[[nodiscard, gnu::cold]] int explain(int fd, int error) noexcept;

/// Explains EBADF of a system call that returns it only if the fd is not a pidfd.
/// EBADF: closed. EBADFD: something else. EIO: it is a pidfd, so a filter has answered.
[[nodiscard, gnu::cold]] int explain_bad_fd(int fd) noexcept;

/// Finds out whether the process has ended, reaped or not, before the deadline. `fd` is a pidfd.
[[nodiscard]] int has_ended(int fd, std::int64_t deadline, bool& ended) noexcept;
[[nodiscard]] inline int has_ended(int fd, bool& ended) noexcept {
    return has_ended(fd, 0, ended);
}

/// Finds out whether the process was reaped. `fd` is a pidfd.
[[nodiscard]] int is_reaped(int fd, bool& reaped) noexcept;

} // namespace pidfd_util::identify

#endif
