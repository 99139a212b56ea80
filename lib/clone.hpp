// SPDX-License-Identifier: MIT
// Making a child that runs while its parent waits, and its pidfd.
#ifndef PIDFD_UTIL_LIB_CLONE_HPP
#define PIDFD_UTIL_LIB_CLONE_HPP

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace pidfd_util {

struct clone_request {
    std::uint64_t flags = 0;  // beside those for waiting, for the memory and for the pidfd
    bool share_memory = true; // or the child has a copy of it
    int cgroup = -1;
    void* stack = nullptr; // its lowest address, aligned to 16
    std::size_t stack_size = 0;
    int (*run)(void*) = nullptr; // in the child, which exits with what it returns
    void* argument = nullptr;
};

/// Returns once the child has run a program or has ended: its pid, or a negated errno. EOPNOTSUPP
/// where this machine has no way to make a child with these flags. `pidfd` is set before the child
/// runs, and stays as it is on kernels that make no pidfds. The child tells its end by no signal:
/// who runs a program has the kernel send SIGCHLD again, and one that could not is seen by nobody
/// but us.
pid_t clone_and_wait(const clone_request& request, int& pidfd) noexcept;

} // namespace pidfd_util

#endif
