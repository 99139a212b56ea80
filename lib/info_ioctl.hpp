// SPDX-License-Identifier: MIT
// The path through PIDFD_GET_INFO.
#ifndef PIDFD_UTIL_LIB_INFO_IOCTL_HPP
#define PIDFD_UTIL_LIB_INFO_IOCTL_HPP

#include "answer.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi_types.hpp>

namespace pidfd_util::info_ioctl {

/// Asks for the fields of the mask, of which the needed ones must be filled. ESRCH: reaped.
/// EREMOTE: alive, but not in the caller's pid namespace. EOPNOTSUPP, ERFKILL: not on this kernel,
/// not in this sandbox. `ask_another`: the ioctl is there, but cannot tell of this process.
path_result get(int fd, std::uint64_t mask, std::uint64_t needed, uapi::pidfd_info& info) noexcept;

/// The exit status of a process that was reaped, as long as the kernel keeps it (Linux 6.15).
/// `ended` is false while it was not. EOPNOTSUPP: the kernel does not tell.
int get_exit(int fd, bool& ended, int& status) noexcept;

/// `known` is false where there is nothing to tell. EOPNOTSUPP: before Linux 6.16.
int get_coredump(int fd, bool& known, abi::coredump_record& record) noexcept;

} // namespace pidfd_util::info_ioctl

#endif
