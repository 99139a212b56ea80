// SPDX-License-Identifier: MIT
// Processes made inside of an isolated child, where Catch's macros must not be used. They end with
// it if it is the first process of its pid namespace, and otherwise when their maker ends.
#ifndef PIDFD_UTIL_TEST_NESTED_HPP
#define PIDFD_UTIL_TEST_NESTED_HPP

#include <sys/types.h>

namespace support {

/// A process as its maker sees it. All members are 0 or -1 if it could not be made.
struct relative {
    pid_t pid = 0;
    pid_t parent = 0;
    int fd = -1;
};

/// A child that sleeps.
relative make_child();
/// A child's child.
relative make_grandchild();
/// The first process of a new pid namespace below the caller's; its parent is a child.
relative make_grandchild_in_namespace();
/// A child that has ended and is not reaped.
relative make_zombie();

/// Mounts a /proc of the caller's pid namespace, in a mount namespace of its own.
bool mount_fresh_proc();

} // namespace support

#endif
