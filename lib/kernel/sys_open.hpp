// SPDX-License-Identifier: MIT
// Opening a file by its path. Which errnos the kernel can return depends on the file.
#ifndef PIDFD_UTIL_LIB_KERNEL_SYS_OPEN_HPP
#define PIDFD_UTIL_LIB_KERNEL_SYS_OPEN_HPP

#include "sys_result.hpp"
#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/syscall.h>

namespace pidfd_util::sys {

/// Explains the errno of a call that looks up a path: EPERM and EACCES are the kernel's own if the
/// same call on fd -1 returns neither. EBADF is unexpected, as the library's own file descriptors
/// are open.
template <int... Known, class CallOnNoFd>
[[nodiscard]] int explain_lookup(int error, CallOnNoFd on_no_fd) noexcept {
    return explain_deniable<ENOENT, ENOTDIR, ELOOP, Known...>(error, on_no_fd);
}

template <int... Known>
[[nodiscard]] int open_by_path(int dir, const char* path, int flags, unique_fd& file) noexcept {
    const int error =
        make_fd(file, [=] { return raw(SYS_openat, dir, path, flags | O_CLOEXEC, 0); });
    return explain_lookup<EMFILE, ENFILE, Known...>(
        error, [=] { return raw(SYS_openat, -1, ".", flags | O_CLOEXEC, 0).error; });
}

template <int... Known>
[[nodiscard]] int open_by_path2(int dir, const char* path, int flags, std::uint64_t resolve,
                                unique_fd& file) noexcept {
    uapi::open_how how{};
    how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
    how.resolve = resolve;
    const auto open = [&how](int where, const char* name) {
        return raw(SYS_openat2, where, name, &how, sizeof how);
    };
    const int error = make_fd(file, [=] { return open(dir, path); });
    return explain_lookup<EMFILE, ENFILE, EXDEV, Known...>(error,
                                                           [=] { return open(-1, ".").error; });
}

/// The resolution of an entry of a file system that has no links to follow, if nothing is mounted
/// on the way.
inline constexpr std::uint64_t on_one_mount = uapi::resolve_no_xdev | uapi::resolve_no_magiclinks;

} // namespace pidfd_util::sys

#endif
