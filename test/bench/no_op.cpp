// SPDX-License-Identifier: MIT
// The program that the benchmark `starts` starts. It ends at once. Where possible it has no libc, so
// that little but the start itself is measured.

#ifdef WITHOUT_LIBC

extern "C" [[noreturn]] void _start() {
    // exit_group(0)
#if defined(__x86_64__) && defined(__LP64__)
    asm volatile("movl $231, %eax\n\txorl %edi, %edi\n\tsyscall");
#elif defined(__aarch64__)
    asm volatile("mov x8, #94\n\tmov x0, #0\n\tsvc #0");
#elif defined(__riscv) && __riscv_xlen == 64
    asm volatile("li a7, 94\n\tli a0, 0\n\tecall");
#else
#error "no system call for this machine"
#endif
    __builtin_unreachable();
}

#else

int main() {}

#endif
