// SPDX-License-Identifier: MIT
// Judges why a file descriptor of a traced process cannot be copied, as rr does by hand in
// AutoRemoteSyscalls.cc (commit 5c202cd, from line 721 on).
//
// The traps that this avoids: EPERM, EMFILE and ESRCH end the debugger by an assertion, and EBADF does
// not distinguish a file descriptor that is closed from a process that was killed.
#ifndef ADOPTED_JUDGE_COPY_HPP
#define ADOPTED_JUDGE_COPY_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/pidfd.hpp>

namespace adopted {

enum class copy_failure { fd_closed, process_gone, not_permitted, no_free_fd, use_sendmsg, other };

/// Returns the reason for an error of `get_remote_fd`, which copies the file descriptor. `use_sendmsg`:
/// the kernel or a sandbox does not have pidfd_getfd(2), and the process must send the file descriptor
/// itself.
inline copy_failure judge_copy(const std::error_code& error) {
    using pidfd_util::pidfd_errc;
    if (error == std::errc::bad_file_descriptor)
        return copy_failure::fd_closed;
    if (error == pidfd_errc::not_found)
        return copy_failure::process_gone;
    if (error == pidfd_errc::unsupported || error == pidfd_errc::forbidden_by_sandbox)
        return copy_failure::use_sendmsg;
    if (error == std::errc::operation_not_permitted || error == std::errc::permission_denied)
        return copy_failure::not_permitted;
    if (error == std::errc::too_many_files_open)
        return copy_failure::no_free_fd;
    return copy_failure::other;
}

} // namespace adopted

#endif
