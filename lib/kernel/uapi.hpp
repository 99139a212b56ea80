// SPDX-License-Identifier: MIT
// The parts of the kernel's interface that the library uses, with the values of include/uapi/linux
// in Linux 6.18, so that the result of a build does not depend on the installed kernel headers.
#ifndef PIDFD_UTIL_LIB_KERNEL_UAPI_HPP
#define PIDFD_UTIL_LIB_KERNEL_UAPI_HPP

#include <pidfd_util/credentials.hpp>

#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <sys/ioctl.h>
#include <sys/syscall.h>

// These machines have other call numbers, another order of arguments, or a stack that grows
// upwards. The library has never been run there.
#if defined(__alpha__) || defined(__hppa__) || defined(__sparc__)
#error "pidfd-util has not been ported to this machine"
#endif

// System calls after Linux 5.0 have the same number on every architecture, relative to the
// architecture's first number. (MIPS has never been run.)
#if defined(__mips__)
#define PIDFD_UTIL_SYSCALL(number) (__NR_Linux + (number))
#elif defined(__x86_64__) && defined(__ILP32__)
#define PIDFD_UTIL_SYSCALL(number) (__X32_SYSCALL_BIT + (number))
#else
#define PIDFD_UTIL_SYSCALL(number) (number)
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal PIDFD_UTIL_SYSCALL(424)
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open PIDFD_UTIL_SYSCALL(434)
#endif
#ifndef SYS_clone3
#define SYS_clone3 PIDFD_UTIL_SYSCALL(435)
#endif
#ifndef SYS_close_range
#define SYS_close_range PIDFD_UTIL_SYSCALL(436)
#endif
#ifndef SYS_openat2
#define SYS_openat2 PIDFD_UTIL_SYSCALL(437)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd PIDFD_UTIL_SYSCALL(438)
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise PIDFD_UTIL_SYSCALL(440)
#endif
#ifndef SYS_process_mrelease
#define SYS_process_mrelease PIDFD_UTIL_SYSCALL(448)
#endif

namespace pidfd_util::uapi {

// Where a machine has two versions of a call, the older one takes ids of 16 bits.
#ifdef SYS_setresuid32
inline constexpr long sys_setresuid = SYS_setresuid32;
inline constexpr long sys_setresgid = SYS_setresgid32;
inline constexpr long sys_getresuid = SYS_getresuid32;
inline constexpr long sys_getresgid = SYS_getresgid32;
inline constexpr long sys_setgroups = SYS_setgroups32;
#else
inline constexpr long sys_setresuid = SYS_setresuid;
inline constexpr long sys_setresgid = SYS_setresgid;
inline constexpr long sys_getresuid = SYS_getresuid;
inline constexpr long sys_getresgid = SYS_getresgid;
inline constexpr long sys_setgroups = SYS_setgroups;
#endif

// Where a machine has two versions of a call, the older one takes offsets of 32 bits.
#ifdef SYS_fcntl64
inline constexpr long sys_fcntl = SYS_fcntl64;
#else
inline constexpr long sys_fcntl = SYS_fcntl;
#endif

// fstat, where it shows all 64 bits of an inode number, and libc's struct stat is the kernel's. 0 on
// other machines.
#if defined(SYS_fstat) && defined(__LP64__) &&                                                     \
    (defined(__x86_64__) || defined(__aarch64__) || defined(__riscv))
inline constexpr long sys_fstat = SYS_fstat;
#else
inline constexpr long sys_fstat = 0;
#endif

// 32-bit machines that Linux supports since 5.1 have only the calls with 64-bit times.
#ifdef SYS_ppoll
inline constexpr long sys_ppoll = SYS_ppoll;
#else
inline constexpr long sys_ppoll = SYS_ppoll_time64;
#endif
#ifdef SYS_pselect6
inline constexpr long sys_pselect6 = SYS_pselect6;
#else
inline constexpr long sys_pselect6 = SYS_pselect6_time64;
#endif

#ifdef SYS_rt_sigtimedwait
inline constexpr long sys_rt_sigtimedwait = SYS_rt_sigtimedwait;
#else
inline constexpr long sys_rt_sigtimedwait = SYS_rt_sigtimedwait_time64;
#endif

// A flag of pwritev2, Linux 6.18: RWF_NOSIGNAL
inline constexpr int rwf_nosignal = 0x100;

inline constexpr int pidfs_root = -10002; // FD_PIDFS_ROOT, Linux 6.17

// Socket options and control messages that older headers lack.
inline constexpr int so_pass_pidfd = 76; // Linux 6.5
inline constexpr int so_peer_pidfd = 77; // Linux 6.5
inline constexpr int so_peer_groups = 59;
inline constexpr int scm_pidfd = 4; // Linux 6.5
// SCM_MAX_FD
inline constexpr std::size_t most_passed_files = 253;

inline constexpr unsigned pidfd_nonblock = O_NONBLOCK;
inline constexpr unsigned pidfd_thread = O_EXCL;
inline constexpr unsigned signal_thread_group = 1U << 1;
inline constexpr unsigned signal_process_group = 1U << 2;

inline constexpr int p_pidfd = 3;                                  // idtype_t of waitid
inline constexpr int wait_all = 0x40000000;                        // __WALL
inline constexpr int wait_clone = std::numeric_limits<int>::min(); // __WCLONE

// struct rusage, with the kernel's type of time: libc's may have another one on 32-bit machines.
struct rusage {
#if defined(__x86_64__) && defined(__ILP32__)
    using word = std::int64_t;
#else
    using word = long;
#endif
    struct time {
        word seconds;
        word microseconds;
    };
    time user;
    time system;
    word peak_resident; // in KiB
    word unused_sizes[3];
    word minor_faults;
    word major_faults;
    word unused_swaps;
    word blocks_read;
    word blocks_written;
    word unused_messages[3];
    word voluntary_switches;
    word involuntary_switches;
};

inline constexpr std::uint64_t clone_pidfd = 0x1000;
inline constexpr std::uint64_t clone_clear_sighand = 1ULL << 32; // Linux 5.5
inline constexpr std::uint64_t clone_into_cgroup = 1ULL << 33;   // Linux 5.7
inline constexpr std::uint64_t clone_autoreap = 1ULL << 34;      // Linux 7.1
inline constexpr std::uint64_t clone_nnp = 1ULL << 35;           // Linux 7.1
inline constexpr std::uint64_t clone_autokill = 1ULL << 36;      // Linux 7.1

// struct clone_args of Linux 5.7: CLONE_ARGS_SIZE_VER2.
struct clone_args {
    std::uint64_t flags;
    std::uint64_t pidfd;
    std::uint64_t child_tid;
    std::uint64_t parent_tid;
    std::uint64_t exit_signal;
    std::uint64_t stack;
    std::uint64_t stack_size;
    std::uint64_t tls;
    std::uint64_t set_tid;
    std::uint64_t set_tid_size;
    std::uint64_t cgroup;
};
static_assert(sizeof(clone_args) == 88);

inline constexpr long cgroup2_super_magic = 0x63677270;
inline constexpr long proc_super_magic = 0x9fa0;
inline constexpr long pidfs_magic = 0x50494446;
inline constexpr long nsfs_magic = 0x6e736673;

// TIME_NS_INIT_INO, the same on every kernel
inline constexpr std::uint64_t first_time_namespace = 0xeffffffa;

// struct statx of Linux 4.11: musl has it since 1.2.5 only.
struct statx {
    std::uint32_t mask;
    std::uint32_t blksize;
    std::uint64_t attributes;
    std::uint32_t nlink;
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint16_t mode;
    std::uint16_t padding;
    std::uint64_t ino;
    std::uint64_t size;
    std::uint64_t blocks;
    std::uint64_t attributes_mask;
    std::uint64_t times[8];
    std::uint32_t rdev_major;
    std::uint32_t rdev_minor;
    std::uint32_t dev_major;
    std::uint32_t dev_minor;
    std::uint64_t mnt_id;
    std::uint64_t later[13];
};
static_assert(sizeof(statx) == 256);

inline constexpr unsigned statx_type = 1U << 0;
inline constexpr unsigned statx_ino = 1U << 8;
inline constexpr unsigned statx_mnt_id = 1U << 12; // Linux 5.8

// struct open_how of Linux 5.6.
struct open_how {
    std::uint64_t flags;
    std::uint64_t mode;
    std::uint64_t resolve;
};
static_assert(sizeof(open_how) == 24);

inline constexpr std::uint64_t resolve_no_xdev = 0x01;
inline constexpr std::uint64_t resolve_no_magiclinks = 0x02;

// A file handle of kernfs or pidfs: one 64-bit inode number.
inline constexpr int fileid_kernfs = 0xfe;
// A file handle of kernfs before Linux 5.5: a 32-bit inode number and its generation.
inline constexpr int fileid_ino32_gen = 1;

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

[[nodiscard]] inline credentials to_credentials(const pidfd_info& i) noexcept {
    return {i.ruid, i.rgid, i.euid, i.egid, i.suid, i.sgid, i.fsuid, i.fsgid};
}

inline constexpr std::uint64_t info_pid = 1U << 0;
inline constexpr std::uint64_t info_creds = 1U << 1;
inline constexpr std::uint64_t info_cgroupid = 1U << 2;
inline constexpr std::uint64_t info_exit = 1U << 3;
inline constexpr std::uint64_t info_coredump = 1U << 4;        // Linux 6.16, from 72 bytes on
inline constexpr std::uint64_t info_coredump_signal = 1U << 6; // Linux 6.19
inline constexpr std::uint64_t info_coredump_code = 1U << 7;   // Linux 7.x, from 88 bytes on

// With the fields that later kernels appended. Only a set bit in `mask` shows that a field is
// filled: Linux 6.19 had the supported mask where the code is now.
struct pidfd_info_coredump {
    pidfd_info info;
    std::uint32_t coredump_flags;
    std::uint32_t coredump_signal;
    std::uint32_t coredump_code;
    std::uint32_t padding;
    std::uint64_t supported_mask;
};
static_assert(sizeof(pidfd_info_coredump) == 88);

inline constexpr unsigned pidfs_ioctl_magic = 0xff;
inline constexpr unsigned long get_info = _IOWR(pidfs_ioctl_magic, 11, pidfd_info);
inline constexpr unsigned long get_info_coredump =
    _IOWR(pidfs_ioctl_magic, 11, pidfd_info_coredump);

// PIDFD_GET_*_NAMESPACE
constexpr unsigned long get_namespace(unsigned number) noexcept {
    return _IO(pidfs_ioctl_magic, number);
}

// NS_GET_USERNS, of any namespace
inline constexpr unsigned long get_owner = _IO(0xb7, 1);

} // namespace pidfd_util::uapi

#endif
