// SPDX-License-Identifier: MIT
// Counts the instructions that operations execute in user space, beside those of the bare system call
// made by libc's `syscall`. A tracer steps through a child, instruction by instruction, so that the
// counts are exact, and the same on every run.
//
//   bench-instructions [--json]
#include "kernel/uapi.hpp"

#include "json.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

/// The process that is asked: a running child of the traced process.
struct subject {
    pidfd process;
    pid_t pid = 0;
};

template <std::uint64_t field>
void bare_info(const subject& s) {
    uapi::pidfd_info info{};
    info.mask = field;
    (void)syscall(SYS_ioctl, s.process.fd(), uapi::get_info, &info);
}

void bare_stat(const subject& s) {
    if (uapi::sys_fstat != 0) {
        struct stat st {};
        (void)syscall(uapi::sys_fstat, s.process.fd(), &st);
        return;
    }
    uapi::statx st{};
    (void)syscall(SYS_statx, s.process.fd(), "", AT_EMPTY_PATH, uapi::statx_ino, &st);
}

struct comparison {
    const char* name;
    void (*operation)(const subject&);
    void (*bare)(const subject&);
};

const comparison comparisons[] = {
    {"get_pid", [](const subject& s) { (void)s.process.get_pid(); }, bare_info<uapi::info_pid>},
    {"get_ppid", [](const subject& s) { (void)s.process.get_ppid(); }, bare_info<uapi::info_pid>},
    {"get_creds", [](const subject& s) { (void)s.process.get_creds(); },
     bare_info<uapi::info_creds>},
    {"get_cgroupid", [](const subject& s) { (void)s.process.get_cgroupid(); },
     bare_info<uapi::info_cgroupid>},
    {"get_info", [](const subject& s) { (void)s.process.get_info(); }, bare_info<uapi::info_pid>},
    {"get_id", [](const subject& s) { (void)s.process.get_id(); }, bare_stat},
    {"send_signal", [](const subject& s) { (void)s.process.send_signal(0); },
     [](const subject& s) {
         (void)syscall(SYS_pidfd_send_signal, s.process.fd(), 0, nullptr, 0U);
     }},
    {"try_wait", [](const subject& s) { (void)s.process.try_wait(); },
     [](const subject& s) {
         siginfo_t info;
         (void)syscall(SYS_waitid, uapi::p_pidfd, s.process.fd(), &info, WEXITED | WNOHANG,
                       nullptr);
     }},
    {"from_pid", [](const subject& s) { (void)pidfd::from_pid(s.pid); },
     [](const subject& s) {
         const long fd = syscall(SYS_pidfd_open, s.pid, 0);
         (void)syscall(SYS_close, fd);
     }},
};

#ifdef __x86_64__

/// Stops the traced process. Its tracer continues it.
void stop_here() {
    asm volatile("int3");
}

[[noreturn]] void run_traced() {
    subject s;
    s.pid = fork();
    if (s.pid == 0) {
        for (;;)
            pause();
    }
    auto opened = pidfd::from_pid(s.pid);
    if (s.pid < 0 || !opened || ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
        _exit(EXIT_FAILURE);
    s.process = std::move(*opened);
    stop_here(); // for the tracer to begin
    for (const comparison& c : comparisons) {
        for (auto* const call : {c.operation, c.bare}) {
            call(s); // what there is to learn is learnt, and the functions are linked
            stop_here();
            call(s);
            stop_here();
        }
    }
    (void)s.process.kill();
    (void)s.process.wait();
    _exit(EXIT_SUCCESS);
}

/// Steps to the next stop_here(). Returns the number of instructions; -1 if the process has ended.
long count_to_stop(pid_t traced, bool step) {
    for (long count = 0;; ++count) {
        int status = 0;
        siginfo_t info{};
        if (ptrace(step ? PTRACE_SINGLESTEP : PTRACE_CONT, traced, nullptr, nullptr) != 0 ||
            waitpid(traced, &status, 0) != traced || !WIFSTOPPED(status) ||
            ptrace(PTRACE_GETSIGINFO, traced, nullptr, &info) != 0)
            return -1;
        if (info.si_code == SI_KERNEL) // int3, which is not counted
            return count;
    }
}

/// Counts the instructions of the next call.
long count_call(pid_t traced) {
    return count_to_stop(traced, false) < 0 ? -1 : count_to_stop(traced, true);
}

int compare_all(bool json) {
    const pid_t traced = fork();
    if (traced == 0)
        run_traced();
    int status = 0;
    if (waitpid(traced, &status, 0) != traced || !WIFSTOPPED(status)) {
        std::fprintf(stderr, "no pidfd, or no tracing, here\n");
        return 77;
    }
    if (!json)
        std::printf("%-14s %10s %6s %8s\n", "operation", "operation", "bare", "above it");
    for (const comparison& c : comparisons) {
        const long operation = count_call(traced);
        const long bare = count_call(traced);
        if (operation < 0 || bare < 0) {
            std::fprintf(stderr, "the traced process ended in %s\n", c.name);
            return EXIT_FAILURE;
        }
        if (json)
            std::printf("{\"benchmark\":\"instructions\",\"operation\":%s,\"instructions\":%ld,"
                        "\"bare_instructions\":%ld,\"above\":%ld}\n",
                        bench::quoted(c.name).c_str(), operation, bare, operation - bare);
        else
            std::printf("%-14s %10ld %6ld %8ld\n", c.name, operation, bare, operation - bare);
    }
    ptrace(PTRACE_DETACH, traced, nullptr, nullptr);
    return waitpid(traced, &status, 0) == traced && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#else

int compare_all(bool) {
    (void)comparisons;
    std::fprintf(stderr, "no single steps on this machine: x86-64 is needed\n");
    return 77;
}

#endif

} // namespace

int main(int argc, char** argv) {
    return compare_all(bench::json_is_wanted(argc, argv));
}
