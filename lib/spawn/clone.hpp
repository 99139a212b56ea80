// SPDX-License-Identifier: MIT
// Making a child and its pidfd; the parent waits while the child runs.
#ifndef PIDFD_UTIL_LIB_SPAWN_CLONE_HPP
#define PIDFD_UTIL_LIB_SPAWN_CLONE_HPP

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace pidfd_util {

struct clone_request {
    std::uint64_t flags = 0;  // besides CLONE_VFORK, CLONE_VM and CLONE_PIDFD
    bool share_memory = true; // otherwise the child has a copy of it
    int cgroup = -1;
    void* stack = nullptr; // its lowest address, aligned to 16
    std::size_t stack_size = 0;
    int (*run)(void*) = nullptr; // in the child, which exits with what it returns
    void* argument = nullptr;
    bool* handlers_cleared = nullptr; // set before the child runs: it has no signal handlers
};

/// Returns when the child has run a program or has ended. ENOSYS also if this machine has no way to
/// make a child with these flags. `pidfd` is set before the child runs, and is left alone by
/// kernels that make no pidfds. The child has no exit signal: execve restores SIGCHLD, so only a
/// child that failed to run its program ends silently.
[[nodiscard]] int clone_and_wait(const clone_request& request, pid_t& pid, int& pidfd) noexcept;

} // namespace pidfd_util

#endif
