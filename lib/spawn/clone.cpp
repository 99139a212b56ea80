// SPDX-License-Identifier: MIT
#include "clone.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"

#include <cerrno>
#include <sched.h>

#ifdef __GLIBC__
// The same function under its other name. Thread sanitizers replace `clone`: they take the child
// for a forked copy, and as the memory is shared, they forbid the caller to start threads.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...); // NOLINT: the name is glibc's
#else
#define __clone ::clone
#endif

namespace pidfd_util {

namespace {

// The flags that clone takes: it has 32 bits, of which the lowest byte is the exit signal.
constexpr std::uint64_t old_flags = 0xffffff00;

/// Calls clone3 with a separate stack for the child, which no function of libc offers: the child
/// must not return from the call into frames on the parent's stack. Returns the pid, or a negated
/// errno as the kernel does.
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

/// Makes the child by clone3, without the parent's signal handlers.
int make_by_clone3(const clone_request& request, std::uint64_t flags, pid_t& pid,
                   int& pidfd) noexcept {
    uapi::clone_args args{};
    args.flags = flags | uapi::clone_clear_sighand;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.stack = reinterpret_cast<std::uintptr_t>(request.stack);
    args.stack_size = request.stack_size;
    if (request.cgroup >= 0) {
        args.flags |= uapi::clone_into_cgroup;
        args.cgroup = static_cast<std::uint64_t>(request.cgroup);
    }
    // After a filter's "error 0", the parent would take itself for the child.
    if (sys::failing_clone3(nullptr, sizeof args) == 0)
        return ENOSYS;
    *request.handlers_cleared = true;
    const long result = clone3(args, request.run, request.argument);
    if (result < 0)
        return static_cast<int>(-result);
    pid = static_cast<pid_t>(result);
    return 0;
}

/// Makes the child by clone, with the parent's signal handlers.
int make_by_clone(const clone_request& request, unsigned flags, pid_t& pid, int& pidfd) noexcept {
    if (sys::failing_clone(flags) == 0) // see make_by_clone3
        return ENOSYS;
    *request.handlers_cleared = false;
    // The stack grows downwards on every machine that the library is built for.
    void* const top = static_cast<char*>(request.stack) + request.stack_size;
    pid = __clone(request.run, top, static_cast<int>(flags), request.argument, &pidfd, nullptr,
                  nullptr);
    return pid < 0 ? errno : 0;
}

} // namespace

int clone_and_wait(const clone_request& request, pid_t& pid, int& pidfd) noexcept {
    const std::uint64_t flags = request.flags | CLONE_VFORK | uapi::clone_pidfd |
                                (request.share_memory ? std::uint64_t{CLONE_VM} : 0);
    const int saved = errno; // the child may change it, as it shares the memory
    int error = make_by_clone3(request, flags, pid, pidfd);
    // A sandbox may have refused clone3, or the kernel may not know the flag that clears the handlers.
    const bool may_work = error != 0 && error != EAGAIN && error != ENOMEM;
    if (may_work && (flags & ~old_flags) == 0 && request.cgroup < 0)
        error = make_by_clone(request, static_cast<unsigned>(flags), pid, pidfd);
    errno = saved;
    return error;
}

} // namespace pidfd_util
