# SPDX-License-Identifier: MIT
"""User-mode Linux on hosts that it does not know.

Up to 6.1 at least, it keeps a process's vector registers in a buffer of 2696 bytes. Where the host's
processor has more state (AMX, for one), PTRACE_GETREGSET fills the buffer, but PTRACE_SETREGSET
refuses it with EFAULT, and the guest's init dies before its first instruction: "ptrace set fp regs
failed, errno = 14". Where the host has no such register set at all, it uses PTRACE_GETFPREGS, which has
the registers up to SSE. So a filter of system calls refuses the set. Registers beyond SSE are then not
kept apart between the threads of a guest's process: `ENVIRONMENT` stops glibc from using them.
"""

import ctypes
import errno
import re
import struct

ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX2,-AVX,-AVX2_Usable,-AVX_Fast_Unaligned_Load"
}

SYS_PTRACE = 101  # on x86-64, which all of these kernels are for
PTRACE_GETREGSET = 0x4204
NT_X86_XSTATE = 0x202

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000

LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # instructions of classic BPF, on words

# The kernel's message if the host does not let it trace its processes.
REFUSED = re.compile(r"^check_ptrace : .*|^.*\bptrace\b.*(?:failed|not permitted|denied|not implemented).*", re.I)


class Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refuse(error: int, *arguments: tuple[int, int]) -> None:
    """From now on, ptrace fails with that errno if all these (number, value) of its arguments match."""
    conditions = [(0, SYS_PTRACE), *((16 + 8 * number, value) for number, value in arguments)]
    code = []
    for done, (offset, value) in enumerate(conditions):
        left = 2 * (len(conditions) - done) - 1  # instructions up to the one that allows
        code += [(LOAD, 0, 0, offset), (EQUAL, 0, left, value)]
    code += [(RETURN, 0, 0, SECCOMP_RET_ERRNO | error), (RETURN, 0, 0, SECCOMP_RET_ALLOW)]
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
    libc = ctypes.CDLL(None, use_errno=True)
    word = ctypes.c_ulong
    if libc.prctl(PR_SET_NO_NEW_PRIVS, word(1), word(0), word(0), word(0)) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    program = Program(len(code), packed)
    if libc.prctl(PR_SET_SECCOMP, word(SECCOMP_MODE_FILTER), ctypes.byref(program), word(0), word(0)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def prepare_host() -> None:
    """In the process that becomes the kernel, before its execve."""
    refuse(errno.EINVAL, (0, PTRACE_GETREGSET), (2, NT_X86_XSTATE))


def refusal(console: list[str]) -> str | None:
    """The line that proves that this host does not let a user-mode kernel run."""
    return next((line for line in console if REFUSED.match(line)), None)
