// SPDX-License-Identifier: MIT
// Seccomp filters that take system calls and ioctls away, and with them the look of other kernels.
#ifndef PIDFD_UTIL_TEST_SECCOMP_HPP
#define PIDFD_UTIL_TEST_SECCOMP_HPP

#include <cstdint>
#include <vector>

namespace support {

/// Answers a system call with an errno; or only where one of its arguments has a value.
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
    /// statx where it asks for the inode number alone. All else must pass: on 32-bit machines libc's
    /// own stat is a statx.
    static rule inode_question(int error);
    /// The call ends the process.
    static rule killing(long number);
};

/// Puts the calling thread, and what it forks, under the rules, for good: use it in a child.
/// False where the kernel refuses.
bool install(const std::vector<rule>& rules);

/// What a kernel or a sandbox lacks. (What such a kernel would itself say differently, like fstatfs
/// of a pidfd, is beyond a filter: the suite also runs on the real ones.)
struct profile {
    const char* name;
    std::vector<rule> rules;

    /// Whether it is a sandbox that says EPERM, and not one that poses as an older kernel.
    bool forbids() const;
    bool refuses_pidfd_open() const;
    bool refuses_signals() const;
};
profile native();
profile linux_5_4();
profile linux_5_10();       // and 6.1
profile linux_6_12();       // and 6.11: PIDFD_GET_INFO says EINVAL
profile sandbox(int error); // refuses every pidfd call and ioctl

/// All of the above, the sandbox with EPERM and with ENOSYS.
std::vector<profile> all_profiles();

} // namespace support

#endif
