// SPDX-License-Identifier: MIT
#include "clone.hpp"

#include "sys.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <sched.h>

#ifdef __GLIBC__
// The same function by its other name. Thread sanitizers replace `clone` by one that takes the
// child for a forked copy, and, the memory being shared, forbid the caller to begin threads.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...); // NOLINT: the name is glibc's
#else
#define __clone ::clone
#endif

namespace pidfd_util {

namespace {

// Flags that fit the older call: it has 32 bits, and its lowest byte is the exit signal.
constexpr std::uint64_t old_flags = 0xffffff00;

/// clone3 with a stack of the child's own, which no function of libc offers: the child must not
/// return from the call into frames that are on the parent's stack. A negated errno.
long clone3(uapi::clone_args& args, int (*run)(void*), void* argument) noexcept {
#if defined(__x86_64__) && defined(__LP64__)
    register int (*child)(void*) asm("r8") = run;
    register void* its_argument asm("r9") = argument;
    long result = SYS_clone3;
    asm volatile("syscall\n\t"
                 "test %%rax, %%rax\n\t"
                 "jnz 1f\n\t"
                 "xor %%ebp, %%ebp\n\t"
                 "mov %%r9, %%rdi\n\t"
                 "call *%%r8\n\t"
                 "mov %%eax, %%edi\n\t"
                 "mov %[exit], %%eax\n\t"
                 "syscall\n\t"
                 "hlt\n"
                 "1:"
                 : "+a"(result)
                 : "D"(&args), "S"(sizeof args), "r"(child), "r"(its_argument), [exit] "i"(SYS_exit)
                 : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long number asm("x8") = SYS_clone3;
    register long first asm("x0") = reinterpret_cast<long>(&args);
    register long second asm("x1") = sizeof args;
    register int (*child)(void*) asm("x10") = run;
    register void* its_argument asm("x11") = argument;
    asm volatile("svc #0\n\t"
                 "cbnz x0, 1f\n\t"
                 "mov x29, xzr\n\t"
                 "mov x0, x11\n\t"
                 "blr x10\n\t"
                 "mov x8, %[exit]\n\t"
                 "svc #0\n\t"
                 "brk #1\n"
                 "1:"
                 : "+r"(first)
                 : "r"(number), "r"(second), "r"(child), "r"(its_argument), [exit] "i"(SYS_exit)
                 : "memory", "cc");
    return first;
#elif defined(__riscv) && __riscv_xlen == 64
    register long number asm("a7") = SYS_clone3;
    register long first asm("a0") = reinterpret_cast<long>(&args);
    register long second asm("a1") = sizeof args;
    register int (*child)(void*) asm("t0") = run;
    register void* its_argument asm("t1") = argument;
    asm volatile("ecall\n\t"
                 "bnez a0, 1f\n\t"
                 "mv s0, zero\n\t"
                 "mv a0, t1\n\t"
                 "jalr t0\n\t"
                 "li a7, %[exit]\n\t"
                 "ecall\n\t"
                 "ebreak\n"
                 "1:"
                 : "+r"(first)
                 : "r"(number), "r"(second), "r"(child), "r"(its_argument), [exit] "i"(SYS_exit)
                 : "memory");
    return first;
#else
    (void)args, (void)run, (void)argument;
    return -ENOSYS;
#endif
}

/// Where the stack begins.
void* begin_of(const clone_request& request) noexcept {
#ifdef __hppa__ // where it grows upwards
    return request.stack;
#else
    return static_cast<char*>(request.stack) + request.stack_size;
#endif
}

} // namespace

pid_t clone_and_wait(const clone_request& request, int& pidfd) noexcept {
    const std::uint64_t flags = request.flags | CLONE_VFORK | uapi::clone_pidfd |
                                (request.share_memory ? std::uint64_t{CLONE_VM} : 0);
    const int saved = errno; // which the child shares, too
    // The older call where it is enough: sandboxes let it pass more often than clone3.
    if ((flags & ~old_flags) == 0 && request.cgroup < 0) {
        // A filter that answers "error 0" would make the parent take itself for the child.
        if (sys::failing_clone(static_cast<unsigned>(flags)) >= 0)
            return -ENOSYS;
        const int pid =
            __clone(request.run, begin_of(request), static_cast<int>(static_cast<unsigned>(flags)),
                    request.argument, &pidfd, nullptr, nullptr);
        const int result = pid < 0 ? -errno : pid;
        errno = saved;
        return result;
    }
    uapi::clone_args args{};
    args.flags = flags;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.stack = reinterpret_cast<std::uintptr_t>(request.stack);
    args.stack_size = request.stack_size;
    if (request.cgroup >= 0) {
        args.flags |= uapi::clone_into_cgroup;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }
    if (sys::failing_clone3(nullptr, 0) >= 0)
        return -ENOSYS;
    const long result = clone3(args, request.run, request.argument);
    errno = saved;
    return static_cast<pid_t>(result);
}

} // namespace pidfd_util
