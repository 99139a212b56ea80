// SPDX-License-Identifier: MIT
// Seccomp filters that refuse system calls and ioctls, and so imitate other kernels and sandboxes.
#ifndef PIDFD_UTIL_TEST_SECCOMP_HPP
#define PIDFD_UTIL_TEST_SECCOMP_HPP

#include <cstdint>
#include <vector>

namespace support {

/// Answers a system call with an errno, always or only if one of its arguments has a value.
struct rule {
    long number;
    int error;
    int argument = -1; // which one is looked at; -1: none
    std::uint32_t mask = ~0U;
    std::uint32_t value = 0; // of the argument's lower half, under the mask

    /// An ioctl, by its request.
    static rule ioctl(unsigned long request, int error);
    /// Every ioctl on a pidfd.
    static rule pidfd_ioctls(int error);
    /// The call by which the library asks for an inode number: fstat, or a statx that asks for no
    /// more. Every other statx must pass: on 32-bit machines libc's own stat is a statx.
    static rule inode_question(int error);
    /// The call ends the process.
    static rule killing(long number);
};

/// Installs the rules for the calling thread and its children. They cannot be removed: use it in a
/// child. False if the kernel refuses.
bool install(const std::vector<rule>& rules);

/// What a kernel or a sandbox lacks. A filter cannot imitate calls that give a different answer on
/// such a kernel, like fstatfs of a pidfd. Therefore the suite also runs on real kernels.
struct profile {
    const char* name;
    std::vector<rule> rules;

    /// Whether it is a sandbox that answers EPERM, and not one that imitates an older kernel.
    bool forbids() const;
    bool refuses_pidfd_open() const;
    bool refuses_signals() const;
};
profile native();
profile linux_5_4();
profile linux_5_10();       // and 6.1
profile linux_6_12();       // and 6.11: PIDFD_GET_INFO says EINVAL
profile sandbox(int error); // refuses every pidfd call and ioctl

/// All of the above, the sandbox with EPERM and with ENOSYS. On a slow machine, not those that imitate
/// another kernel: the emulated machines run real ones.
std::vector<profile> all_profiles();

} // namespace support

#endif
