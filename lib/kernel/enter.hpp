// SPDX-License-Identifier: MIT
// Entering the kernel without libc, on the machines that the library has been run on. There is no
// errno to save and to restore, and no variadic call.
#ifndef PIDFD_UTIL_LIB_KERNEL_ENTER_HPP
#define PIDFD_UTIL_LIB_KERNEL_ENTER_HPP

#include <cerrno>
#include <unistd.h>

namespace pidfd_util::sys {

// A system call destroys vector registers: those of SVE on arm64, all of them on RISC-V. Where the
// compiler may use these, the library calls libc's function, which compilers expect to destroy them.

/// Makes a system call. Returns its result, or a negated errno as the kernel does. Leaves errno
/// alone. The kernel ignores the registers of arguments that the call does not have.
[[nodiscard]] inline long enter(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                long e = 0, long f = 0) noexcept {
#if defined(__x86_64__) && defined(__LP64__)
    register long fourth asm("r10") = d;
    register long fifth asm("r8") = e;
    register long sixth asm("r9") = f;
    long result = number;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                 : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__) && defined(__LP64__) && !defined(__ARM_FEATURE_SVE)
    register long call asm("x8") = number;
    register long first asm("x0") = a;
    register long second asm("x1") = b;
    register long third asm("x2") = c;
    register long fourth asm("x3") = d;
    register long fifth asm("x4") = e;
    register long sixth asm("x5") = f;
    asm volatile("svc #0"
                 : "+r"(first)
                 : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                 : "memory", "cc");
    return first;
#elif defined(__riscv) && __riscv_xlen == 64 && !defined(__riscv_vector)
    register long call asm("a7") = number;
    register long first asm("a0") = a;
    register long second asm("a1") = b;
    register long third asm("a2") = c;
    register long fourth asm("a3") = d;
    register long fifth asm("a4") = e;
    register long sixth asm("a5") = f;
    asm volatile("ecall"
                 : "+r"(first)
                 : "r"(call), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                 : "memory");
    return first;
#else
    const int saved = errno;
    const long result = ::syscall(number, a, b, c, d, e, f);
    const int error = result == -1 ? errno : 0;
    errno = saved;
    return error != 0 ? -error : result;
#endif
}

} // namespace pidfd_util::sys

#endif
