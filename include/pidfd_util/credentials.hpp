// SPDX-License-Identifier: MIT
// User and group ids of a process.
#ifndef PIDFD_UTIL_CREDENTIALS_HPP
#define PIDFD_UTIL_CREDENTIALS_HPP

#include <sys/types.h>

namespace pidfd_util {

/// The ids of a process, as seen from the caller's user namespace: an id that has no mapping there
/// shows as the overflow id, 65534 unless the administrator changed it. See credentials(7).
struct credentials {
    uid_t ruid; ///< real
    gid_t rgid;
    uid_t euid; ///< effective
    gid_t egid;
    uid_t suid; ///< saved
    gid_t sgid;
    uid_t fsuid; ///< file system
    gid_t fsgid;

    friend constexpr bool operator==(const credentials& a, const credentials& b) noexcept {
        return a.ruid == b.ruid && a.rgid == b.rgid && a.euid == b.euid && a.egid == b.egid &&
               a.suid == b.suid && a.sgid == b.sgid && a.fsuid == b.fsuid && a.fsgid == b.fsgid;
    }
    friend constexpr bool operator!=(const credentials& a, const credentials& b) noexcept {
        return !(a == b);
    }
};

} // namespace pidfd_util

#endif
