// SPDX-License-Identifier: MIT
// The user and group ids of a process.
#ifndef PIDFD_UTIL_CREDENTIALS_HPP
#define PIDFD_UTIL_CREDENTIALS_HPP

#include <sys/types.h>

namespace pidfd_util {

/// The user and group ids of a process, in the caller's user namespace. An id without a mapping
/// there is shown as the overflow id: 65534, unless the administrator has changed it. See
/// credentials(7).
struct credentials {
    uid_t ruid;  ///< the real user id: the user who started the process
    gid_t rgid;  ///< the real group id
    uid_t euid;  ///< the effective user id: the user whose rights the process has
    gid_t egid;  ///< the effective group id
    uid_t suid;  ///< the saved user id, to which the process may switch back
    gid_t sgid;  ///< the saved group id
    uid_t fsuid; ///< the user id for access to files; usually the effective one
    gid_t fsgid; ///< the group id for access to files; usually the effective one

    /// Returns whether all eight ids are equal.
    friend constexpr bool operator==(const credentials& a, const credentials& b) noexcept {
        return a.ruid == b.ruid && a.rgid == b.rgid && a.euid == b.euid && a.egid == b.egid &&
               a.suid == b.suid && a.sgid == b.sgid && a.fsuid == b.fsuid && a.fsgid == b.fsgid;
    }
    /// Returns whether any of the ids differ.
    friend constexpr bool operator!=(const credentials& a, const credentials& b) noexcept {
        return !(a == b);
    }
};

} // namespace pidfd_util

#endif
