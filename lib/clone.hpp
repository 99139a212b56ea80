// SPDX-License-Identifier: MIT
// Making a child that borrows the caller's memory, with its pidfd.
#ifndef PIDFD_UTIL_LIB_CLONE_HPP
#define PIDFD_UTIL_LIB_CLONE_HPP

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace pidfd_util {

struct clone_request {
    std::uint64_t flags = 0; // beside those for sharing the memory and for the pidfd
    int exit_signal = 0;
    int cgroup = -1;
    void* stack = nullptr; // its lowest address, aligned to 16
    std::size_t stack_size = 0;
    int (*run)(void*) = nullptr; // in the child, which exits with what it returns
    void* argument = nullptr;
};

/// Returns once the child has run a program or has ended: its pid, or a negated errno. `pidfd` is
/// set before the child runs, and stays as it is on kernels that make no pidfds. EOPNOTSUPP where
/// this machine has no way to make a child with these flags.
pid_t clone_borrowing(const clone_request& request, int& pidfd) noexcept;

} // namespace pidfd_util

#endif
