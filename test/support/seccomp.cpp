// SPDX-License-Identifier: MIT
#include "seccomp.hpp"

#include "rounds.hpp"

#include "kernel/uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace support {

namespace uapi = pidfd_util::uapi;

namespace {

constexpr std::uint32_t low_half(int argument) {
    const auto offset = offsetof(seccomp_data, args) + 8 * static_cast<std::size_t>(argument);
    return static_cast<std::uint32_t>(offset + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
}

constexpr int kills = -1; // in the place of an errno

} // namespace

rule rule::killing(long number) {
    return {number, kills};
}

rule rule::ioctl(unsigned long request, int error) {
    return {SYS_ioctl, error, 1, ~0U, static_cast<std::uint32_t>(request)};
}

rule rule::pidfd_ioctls(int error) {
    return {SYS_ioctl, error, 1, 0xff00, uapi::pidfs_ioctl_magic << 8};
}

rule rule::inode_question(int error) {
    if (uapi::sys_fstat != 0)
        return {uapi::sys_fstat, error};
    return {SYS_statx, error, 3, ~0U, uapi::statx_ino};
}

bool install(const std::vector<rule>& rules) {
    if (rules.empty())
        return true;
    std::vector<sock_filter> code;
    const auto load = [&](std::uint32_t offset) {
        code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
    };
    const auto unless_equal_skip = [&](std::uint32_t value, std::uint8_t count) {
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
    };
    for (const rule& r : rules) {
        load(offsetof(seccomp_data, nr));
        unless_equal_skip(static_cast<std::uint32_t>(r.number), r.argument < 0 ? 1 : 4);
        if (r.argument >= 0) {
            load(low_half(r.argument));
            code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r.mask));
            unless_equal_skip(r.value, 1);
        }
        const auto errno_action = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(r.error);
        code.push_back(
            BPF_STMT(BPF_RET | BPF_K, r.error == kills ? SECCOMP_RET_KILL_PROCESS : errno_action));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    // Not seccomp(2), which Valgrind does not know.
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool profile::forbids() const {
    return std::any_of(rules.begin(), rules.end(), [](const rule& r) { return r.error == EPERM; });
}

namespace {

bool refuses(const profile& p, long number) {
    return std::any_of(p.rules.begin(), p.rules.end(),
                       [number](const rule& r) { return r.number == number && r.argument < 0; });
}

} // namespace

bool profile::refuses_pidfd_open() const {
    return refuses(*this, SYS_pidfd_open);
}

bool profile::refuses_signals() const {
    return refuses(*this, SYS_pidfd_send_signal);
}

profile native() {
    return {"native", {}};
}

profile linux_6_12() {
    // Of any size.
    return {
        "6.12",
        {{SYS_ioctl, EINVAL, 1, 0xffff, uapi::get_info & 0xffff}, {SYS_open_by_handle_at, EBADF}}};
}

profile linux_5_10() {
    return {
        "5.10",
        {rule::pidfd_ioctls(ENOTTY),
         rule::inode_question(ENOSYS), // all pidfds share one inode
         {SYS_pidfd_open, EINVAL, 1, uapi::pidfd_thread, uapi::pidfd_thread},
         {SYS_pidfd_send_signal, EINVAL, 3, uapi::signal_thread_group, uapi::signal_thread_group},
         {SYS_pidfd_send_signal, EINVAL, 3, uapi::signal_process_group, uapi::signal_process_group},
         {SYS_getsockopt, ENOPROTOOPT, 2, ~0U, uapi::so_peer_pidfd},
         {SYS_setsockopt, ENOPROTOOPT, 2, ~0U, uapi::so_pass_pidfd},
         {SYS_process_mrelease, ENOSYS},
         {SYS_open_by_handle_at, EBADF}}};
}

profile linux_5_4() {
    profile p = linux_5_10();
    p.name = "5.4";
    p.rules.push_back({SYS_pidfd_getfd, ENOSYS});
    p.rules.push_back({SYS_process_madvise, ENOSYS});
    p.rules.push_back({SYS_pidfd_open, EINVAL, 1, uapi::pidfd_nonblock, uapi::pidfd_nonblock});
    return p;
}

profile sandbox(int error) {
    return {error == EPERM ? "sandbox EPERM" : "sandbox ENOSYS",
            {rule::pidfd_ioctls(error),
             {SYS_pidfd_open, error},
             {SYS_pidfd_send_signal, error},
             {SYS_pidfd_getfd, error},
             {SYS_process_madvise, error},
             {SYS_process_mrelease, error},
             {SYS_setns, error},
             {SYS_getsockopt, error, 2, ~0U, uapi::so_peer_pidfd},
             {SYS_setsockopt, error, 2, ~0U, uapi::so_pass_pidfd},
             {SYS_open_by_handle_at, error},
             {SYS_waitid, error, 0, ~0U, uapi::p_pidfd},
             rule::inode_question(error)}};
}

std::vector<profile> all_profiles() {
    if (slow_machine())
        return {native(), sandbox(EPERM), sandbox(ENOSYS)};
    return {native(), linux_5_4(), linux_5_10(), linux_6_12(), sandbox(EPERM), sandbox(ENOSYS)};
}

} // namespace support
