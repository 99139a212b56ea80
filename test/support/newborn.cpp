// SPDX-License-Identifier: MIT
#include "newborn.hpp"

#include "emulated.hpp"
#include "sanitizers.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

namespace {

/// The process stops when it makes a child, however it does so; the child stops as well.
bool seize(pid_t pid) {
    constexpr std::uintptr_t options =
        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    return ptrace(PTRACE_SEIZE, pid, nullptr, options) == 0;
}

bool made_a_child(int status) {
    const int event = status >> 16;
    return event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE;
}

} // namespace

pid_t child_at_birth(test_child& parent) {
    const pid_t pid = parent.pid();
    // TSan's own thread would be taken for the child, and TSan calls signal handlers late.
    if (thread_sanitizer || emulated() || !seize(pid)) {
        parent.go();
        return -1;
    }
    parent.go();
    for (;;) {
        // Not reaped if it has ended: `exit_code_of` does that.
        siginfo_t info{};
        if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WSTOPPED | WNOWAIT) != 0 ||
            info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
            return -1;
        int status = 0;
        if (waitpid(pid, &status, 0) != pid)
            return -1;
        if (!made_a_child(status)) {
            const int signal = (status >> 16) != 0 ? 0 : WSTOPSIG(status);
            ptrace(PTRACE_CONT, pid, nullptr, static_cast<std::uintptr_t>(signal));
            continue;
        }
        unsigned long child = 0;
        const bool known = ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &child) == 0;
        ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
        return known ? static_cast<pid_t>(child) : -1;
    }
}

int exit_code_of(test_child& process) {
    int status = 0;
    while (waitpid(process.pid(), &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    process.disown();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace support
