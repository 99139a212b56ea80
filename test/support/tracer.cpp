// SPDX-License-Identifier: MIT
#include "tracer.hpp"

#include "processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

namespace {

constexpr unsigned long magic = 0x706964;

struct stop_info { // of PTRACE_GET_SYSCALL_INFO
    std::uint8_t op;
    std::uint8_t padding[3];
    std::uint32_t arch;
    std::uint64_t instruction;
    std::uint64_t stack;
    std::uint64_t number;
    std::uint64_t arguments[6];
};
constexpr auto get_syscall_info = static_cast<decltype(PTRACE_CONT)>(0x420e); // Linux 5.3
constexpr std::uint8_t at_entry = 1;

bool get(pid_t pid, stop_info& info) {
    return ptrace(get_syscall_info, pid, sizeof info, &info) >= 0;
}

// At the entry: an invalid number, so that the kernel makes no call.
#if defined(__x86_64__)
constexpr bool registers_known = true;
void skip_call(pid_t pid) {
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_rax), -1L);
}
void set_result(pid_t pid, long result) {
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rax), result);
}
#elif defined(__i386__)
constexpr bool registers_known = true;
void skip_call(pid_t pid) {
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.orig_eax), -1L);
}
void set_result(pid_t pid, long result) {
    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.eax), result);
}
#elif defined(__aarch64__)
constexpr bool registers_known = true;
void skip_call(pid_t pid) {
    constexpr int system_call_register = 0x404; // NT_ARM_SYSTEM_CALL
    int none = -1;
    iovec data{&none, sizeof none};
    ptrace(PTRACE_SETREGSET, pid, system_call_register, &data);
}
void set_result(pid_t pid, long result) {
    constexpr int general_registers = 1; // NT_PRSTATUS
    user_regs_struct registers{};
    iovec data{&registers, sizeof registers};
    ptrace(PTRACE_GETREGSET, pid, general_registers, &data);
    registers.regs[0] = static_cast<unsigned long>(result);
    ptrace(PTRACE_SETREGSET, pid, general_registers, &data);
}
#else
constexpr bool registers_known = false;
void skip_call(pid_t) {}
void set_result(pid_t, long) {}
#endif

} // namespace

std::string name_of(const system_call& call) {
    switch (call.number) {
    case SYS_ioctl:
        return "ioctl";
    case 437: // SYS_openat2, which older headers do not have
        return "openat2";
    case SYS_readlinkat:
        return "readlinkat";
    case SYS_openat:
        return "openat";
    case SYS_read:
        return "read";
    case SYS_pread64:
        return "pread";
    case SYS_close:
        return "close";
    case SYS_uname:
        return "uname";
    case SYS_statx:
        return "statx";
    case SYS_lseek:
        return "lseek";
#ifdef SYS_fstat
    case SYS_fstat:
        return "fstat";
#endif
#ifdef SYS_fstatfs64
    case SYS_fstatfs64:
#endif
    case SYS_fstatfs:
        return "fstatfs";
    case SYS_getsockopt:
        return "getsockopt";
    case SYS_setsockopt:
        return "setsockopt";
    case SYS_sendmsg:
        return "sendmsg";
    case SYS_recvmsg:
        return "recvmsg";
    case SYS_open_by_handle_at:
        return "open_by_handle_at";
    case SYS_name_to_handle_at:
        return "name_to_handle_at";
    case SYS_waitid:
        return "waitid";
    case SYS_prctl:
        return "prctl";
#ifdef SYS_ppoll_time64
    case SYS_ppoll_time64:
#endif
#ifdef SYS_ppoll
    case SYS_ppoll:
#endif
        return "ppoll";
    case SYS_setns:
        return "setns";
    case SYS_getpid:
        return "getpid";
    case SYS_getppid:
        return "getppid";
    case SYS_fcntl:
#ifdef SYS_fcntl64
    case SYS_fcntl64:
#endif
        return "fcntl";
    case SYS_pidfd_open:
        return "pidfd_open";
    case SYS_pidfd_send_signal:
        return "pidfd_send_signal";
    case SYS_pidfd_getfd:
        return "pidfd_getfd";
    case 448:
        return "process_mrelease";
    default:
        return "call " + std::to_string(call.number);
    }
}

bool be_traced() {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
        return false;
    return raise(SIGSTOP) == 0;
}

void make(mark m, std::size_t value) {
    syscall(SYS_getppid, magic, m, value);
}

bool is(const system_call& call, mark m) {
    return call.number == SYS_getppid && call.arguments[0] == magic &&
           call.arguments[1] == static_cast<unsigned long>(m);
}

std::size_t value_of_mark(const system_call& call) {
    return static_cast<std::size_t>(call.arguments[2]);
}

bool can_falsify() {
    return registers_known;
}

tracee::tracee(pid_t child) : pid_(child) {
    if (waitpid(pid_, &status_, 0) != pid_ || !WIFSTOPPED(status_)) {
        ended_ = true;
        return;
    }
    constexpr long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    stop_info info{};
    traced_ = ptrace(PTRACE_SETOPTIONS, pid_, nullptr, options) == 0 && get(pid_, info);
}

tracee::~tracee() {
    if (ended_)
        return;
    kill_made(pid_);
    while (waitpid(pid_, &status_, 0) == pid_ && WIFSTOPPED(status_)) {
    }
}

bool tracee::run() {
    long signal = 0;
    for (;;) {
        if (ended_ || ptrace(PTRACE_SYSCALL, pid_, nullptr, signal) != 0)
            return false;
        if (waitpid(pid_, &status_, 0) != pid_ || !WIFSTOPPED(status_)) {
            ended_ = true;
            return false;
        }
        if (WSTOPSIG(status_) == (SIGTRAP | 0x80))
            return true;
        signal = WSTOPSIG(status_);
    }
}

std::optional<system_call> tracee::next_call() {
    while (run()) {
        stop_info info{};
        if (!get(pid_, info))
            return {};
        if (info.op != at_entry)
            continue;
        system_call call;
        call.number = static_cast<long>(info.number);
        for (std::size_t i = 0; i < call.arguments.size(); ++i)
            call.arguments[i] = info.arguments[i];
        return call;
    }
    return {};
}

void tracee::finish_call(int error) {
    if (run())
        set_result(pid_, -static_cast<long>(error));
}

void tracee::refuse(int error) {
    skip_call(pid_);
    finish_call(error);
}

void tracee::falsify(int error) {
    finish_call(error);
}

void tracee::let_go() {
    ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
}

int tracee::wait_for_end() {
    while (!ended_)
        ended_ = waitpid(pid_, &status_, 0) != pid_ || !WIFSTOPPED(status_);
    return status_;
}

} // namespace support
