// SPDX-License-Identifier: MIT
// The kernel's interface, as far as the library uses it, by the values of include/uapi/linux in
// Linux 6.18: headers of any age build the same library.
#ifndef PIDFD_UTIL_LIB_UAPI_HPP
#define PIDFD_UTIL_LIB_UAPI_HPP

#include <cstdint>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

// One number on every architecture but alpha, whose headers have had them since Linux 5.10.
#if !defined(SYS_pidfd_send_signal) && !defined(__alpha__)
#define SYS_pidfd_send_signal 424
#endif
#if !defined(SYS_pidfd_open) && !defined(__alpha__)
#define SYS_pidfd_open 434
#endif
#if !defined(SYS_pidfd_getfd) && !defined(__alpha__)
#define SYS_pidfd_getfd 438
#endif

namespace pidfd_util::uapi {

inline constexpr unsigned pidfd_nonblock = O_NONBLOCK;
inline constexpr unsigned pidfd_thread = O_EXCL;
inline constexpr unsigned signal_thread_group = 1U << 1;

inline constexpr int p_pidfd = 3;           // idtype_t of waitid
inline constexpr int wait_all = 0x40000000; // __WALL

inline constexpr long proc_super_magic = 0x9fa0;
inline constexpr long pidfs_magic = 0x50494446;
inline constexpr long cgroup2_super_magic = 0x63677270;

// A kernfs or pidfs file handle: one 64-bit inode number.
inline constexpr int fileid_kernfs = 0xfe;

// struct pidfd_info of Linux 6.13: PIDFD_INFO_SIZE_VER0. Later kernels append to it.
struct pidfd_info {
    std::uint64_t mask;
    std::uint64_t cgroupid;
    std::uint32_t pid;
    std::uint32_t tgid;
    std::uint32_t ppid;
    std::uint32_t ruid;
    std::uint32_t rgid;
    std::uint32_t euid;
    std::uint32_t egid;
    std::uint32_t suid;
    std::uint32_t sgid;
    std::uint32_t fsuid;
    std::uint32_t fsgid;
    std::int32_t exit_code;
};
static_assert(sizeof(pidfd_info) == 64);

inline constexpr std::uint64_t info_pid = 1U << 0;
inline constexpr std::uint64_t info_creds = 1U << 1;
inline constexpr std::uint64_t info_cgroupid = 1U << 2;

inline constexpr unsigned pidfs_ioctl_magic = 0xff;
inline constexpr unsigned long get_info = _IOWR(pidfs_ioctl_magic, 11, pidfd_info);

// PIDFD_GET_*_NAMESPACE
constexpr unsigned long get_namespace(unsigned number) noexcept {
    return _IO(pidfs_ioctl_magic, number);
}

} // namespace pidfd_util::uapi

#endif
