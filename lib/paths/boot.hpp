// SPDX-License-Identifier: MIT
// The id of the present boot.
#ifndef PIDFD_UTIL_LIB_PATHS_BOOT_HPP
#define PIDFD_UTIL_LIB_PATHS_BOOT_HPP

#include <pidfd_util/boot_id.hpp>

namespace pidfd_util::boot {

/// Reads /proc/sys/kernel/random/boot_id. EOPNOTSUPP: it is not there, or something is mounted over
/// it.
[[nodiscard]] int read_id(boot_id& id) noexcept;

/// Returns 0 if `id` is the id of the present boot; ESTALE if it is another one.
[[nodiscard]] int check_id(const boot_id& id) noexcept;

} // namespace pidfd_util::boot

#endif
