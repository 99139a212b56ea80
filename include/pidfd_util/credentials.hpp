// SPDX-License-Identifier: MIT
// User and group ids of a process.
#ifndef PIDFD_UTIL_CREDENTIALS_HPP
#define PIDFD_UTIL_CREDENTIALS_HPP

#include <sys/types.h>

namespace pidfd_util {

/// The ids of a process, as seen from the caller's user namespace: an id that has no mapping there
/// shows as the overflow id, 65534 unless the administrator changed it. See credentials(7).
struct credentials {
    uid_t ruid;  ///< the real user id: who started it
    gid_t rgid;  ///< the real group id
    uid_t euid;  ///< the effective user id: with whose rights it acts
    gid_t egid;  ///< the effective group id
    uid_t suid;  ///< the saved user id: which it may take on again
    gid_t sgid;  ///< the saved group id
    uid_t fsuid; ///< the user id that counts for files; mostly the effective one
    gid_t fsgid; ///< the group id that counts for files

    /// Whether all eight are the same.
    friend constexpr bool operator==(const credentials& a, const credentials& b) noexcept {
        return a.ruid == b.ruid && a.rgid == b.rgid && a.euid == b.euid && a.egid == b.egid &&
               a.suid == b.suid && a.sgid == b.sgid && a.fsuid == b.fsuid && a.fsgid == b.fsgid;
    }
    /// Whether any differs.
    friend constexpr bool operator!=(const credentials& a, const credentials& b) noexcept {
        return !(a == b);
    }
};

} // namespace pidfd_util

#endif
