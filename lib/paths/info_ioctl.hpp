// SPDX-License-Identifier: MIT
// The path through PIDFD_GET_INFO.
#ifndef PIDFD_UTIL_LIB_PATHS_INFO_IOCTL_HPP
#define PIDFD_UTIL_LIB_PATHS_INFO_IOCTL_HPP

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "path_result.hpp"

#include <pidfd_util/abi_types.hpp>

namespace pidfd_util::info_ioctl {

/// Explains the errno of the ioctl.
[[gnu::cold]] path_result explain(int fd, int error) noexcept;

/// Asks for the fields of `mask`; those of `needed` must be filled. ESRCH: reaped. EREMOTE: not
/// reaped, but not in the caller's pid namespace. EOPNOTSUPP, ERFKILL: not on this kernel, not in
/// this sandbox. `ask_another`: the kernel has the ioctl, which does not answer about this process.
inline path_result get(int fd, std::uint64_t mask, std::uint64_t needed,
                       uapi::pidfd_info& info) noexcept {
    info = {};
    info.mask = mask;
    if (const int error = sys::ioctl(fd, uapi::get_info, &info); error != 0)
        return explain(fd, error);
    // The kernel never writes pid 0; it stays there if a filter answers "error 0".
    return info.pid != 0 && (info.mask & needed) == needed ? path_result(0) : ask_another;
}

/// Gets the exit status of a reaped process, which the kernel keeps since Linux 6.15. `ended` is
/// false if the process was not reaped. EOPNOTSUPP: the kernel does not have it.
[[nodiscard]] int get_exit(int fd, bool& ended, int& status) noexcept;

/// Gets the core dump information. `known` is false if the kernel has none. EOPNOTSUPP: before
/// Linux 6.16.
[[nodiscard]] int get_coredump(int fd, bool& known, abi::coredump_record& record) noexcept;

} // namespace pidfd_util::info_ioctl

#endif
