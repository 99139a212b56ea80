// SPDX-License-Identifier: MIT
#include "child_signals.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

// Every system call here is made directly, because sanitizers intercept libc's functions, such as
// sigaction.
using sys::call;
using sys::ignore_action;
using sys::kernel_sigaction;
using sys::last_signal;
using sys::signal_set;

/// Returns whether the default action of the signal is a core dump.
bool dumps_core(int signal) noexcept {
    switch (signal) {
    case SIGQUIT:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGXCPU:
    case SIGXFSZ:
    case SIGSYS:
#if defined(SIGEMT) && SIGEMT != SIGSYS
    case SIGEMT:
#endif
        return true;
    default:
        return false;
    }
}

/// Handles the signals that dump core by ending the child, until execve resets them to the default.
/// Before Linux 5.16, a core dump kills every process that shares the memory, including the parent.
void end_child(int /*signal*/) noexcept {
    for (;;)
        (void)call(SYS_exit_group, exit_status_of(ECANCELED));
}

/// Returns whether the signal stops a process by default, and can be handled.
bool stops(int signal) noexcept {
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/// Handles the signals that stop the child by losing them, until execve resets them to the default.
/// A child that is stopped in the foreground would keep the terminal, while the parent, the shell,
/// waits for it to run its program.
void lose_signal(int /*signal*/) noexcept {}

#ifdef __x86_64__
#define PIDFD_UTIL_TEXT_OF(number) #number
#define PIDFD_UTIL_TEXT(number) PIDFD_UTIL_TEXT_OF(number)
/// A handler returns to this function. The kernel has none of its own on this machine.
[[gnu::naked]] void return_from_handler() noexcept {
    asm("mov $" PIDFD_UTIL_TEXT(__NR_rt_sigreturn) ", %eax\n\t"
                                                   "syscall");
}
#endif

kernel_sigaction handled_by(void (*handler)(int)) noexcept {
    kernel_sigaction action{};
    action.handler = reinterpret_cast<std::uintptr_t>(handler);
#ifdef __x86_64__
    constexpr unsigned long restorer = 0x04000000; // SA_RESTORER
    action.flags = restorer;
    action.rest[0] = reinterpret_cast<std::uintptr_t>(&return_from_handler);
#endif
    return action;
}

int signal_action(int signal, const kernel_sigaction* action, kernel_sigaction* old) noexcept {
    return call(SYS_rt_sigaction, signal, action, old, sizeof(signal_set));
}

/// Sets the action of a signal to the one that the options ask for. Otherwise replaces a handler of
/// the parent by the default action: no such handler may run here, in memory that the parent may
/// share.
int set_signal_action(const spawn_plan& plan, int signal) noexcept {
    const spawn_options& o = plan.options;
    const bool shares_memory = plan.made != nullptr;
    const bool to_default = o.default_signals.contains(signal);
    const bool to_ignore = o.ignored_signals.contains(signal);
    const bool ends_child = shares_memory && dumps_core(signal) && !to_ignore;
    const bool is_lost = o.process_group.has_value() && stops(signal) && !to_ignore;
    // Handlers are cleared: the signal is ignored or has its default action, and may stay so.
    if (plan.handlers_cleared && !to_default && !to_ignore && !ends_child && !is_lost)
        return 0;
    kernel_sigaction action{};
    if (ends_child)
        action = handled_by(end_child);
    else if (is_lost)
        action = handled_by(lose_signal);
    else if (to_ignore)
        action.handler = ignore_action;
    kernel_sigaction old{};
    if (const int error = signal_action(signal, &action, &old); error != 0)
        return error;
    const bool stays_ignored = old.handler == ignore_action && !to_default && !to_ignore;
    return stays_ignored ? signal_action(signal, &old, nullptr) : 0;
}

} // namespace

int set_child_signal_actions(const spawn_plan& plan) noexcept {
    // There is no signal 0, and the kernel never denies this call.
    if (const int error = signal_action(0, nullptr, nullptr); error != EINVAL)
        return error == 0 ? ENOSYS : explain_denial(error);
    for (int signal = 1; signal <= last_signal; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP)
            continue;
        if (const int error = set_signal_action(plan, signal); error != 0)
            return explain_denial(error);
    }
    return 0;
}

int set_child_signal_mask(const spawn_plan& plan) noexcept {
    signal_set mask = plan.old_mask;
    if (plan.options.signal_mask.has_value()) {
        mask = {};
        for (int signal = 1; signal <= last_signal; ++signal)
            if (plan.options.signal_mask.contains(signal))
                mask.add(signal);
    }
    signal_set old{};
    return sys::set_signal_mask(mask, &old);
}

} // namespace pidfd_util
