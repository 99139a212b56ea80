// SPDX-License-Identifier: MIT
#include "incoming.hpp"

#include <unistd.h>

using namespace pidfd_util;

namespace {

bool is_ignored(int signal) {
    struct sigaction action {};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Returns whether the command is still in the process group of this process. The command must not
/// have been reaped: until then its pid cannot be reused.
bool is_in_own_group(const child& command) {
    const auto pid = command.get_pid();
    return pid && getpgid(*pid) == getpgrp();
}

volatile std::sig_atomic_t was_continued = 0;

sigset_t set_of(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/// Returns the signal that has stopped the command; empty if it is not stopped.
std::optional<int> stopped_by(const child& command, wait_flags flags) {
    const auto change = pidfd_view(command).try_wait_change(wait_flags::stopped | flags);
    return change && *change ? (*change)->stopped_by() : std::nullopt;
}

} // namespace

incoming_signals::incoming_signals() : ignores_children_(is_ignored(SIGCHLD)) {
    sigset_t taken;
    sigfillset(&taken);
    if (ignores_children_) // otherwise the kernel would not keep the exit status
        signal(SIGCHLD, SIG_DFL);
    for (int signal = 1; signal <= SIGRTMAX; ++signal)
        if (is_ignored(signal))
            sigdelset(&taken, signal);
    sigprocmask(SIG_BLOCK, &taken, &former_mask_);
    fd_.reset(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<signalfd_siginfo> incoming_signals::next() const {
    signalfd_siginfo info;
    if (read(fd_.get(), &info, sizeof info) != sizeof info)
        return std::nullopt;
    return info;
}

void incoming_signals::restore_for_command(spawn_options& options) const {
    options.signal_mask = &former_mask_;
    if (ignores_children_)
        options.ignored_signals = {SIGCHLD};
}

void pass_on(const signalfd_siginfo& info, job& j, bool to_command_only) {
    // SIGPIPE, if nobody reads the messages of this process.
    if (info.ssi_code == SI_USER && info.ssi_pid == static_cast<unsigned>(getpid()))
        return;
    sent_signal signal{static_cast<int>(info.ssi_signo), std::nullopt};
    if (info.ssi_code == SI_QUEUE) {
        sigval value{};
        // NOLINTNEXTLINE(performance-no-int-to-ptr): signalfd(2) has the pointer as a number
        value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(info.ssi_ptr));
        signal.value = value;
    }
    // The terminal sends the signals of its keys to the whole foreground process group. Do not send
    // them twice: a program may treat a second SIGINT differently. On a hangup the terminal signals
    // only the session leader.
    const bool from_terminal = info.ssi_code == SI_KERNEL && signal.number != SIGHUP;
    if (from_terminal && is_in_own_group(j.command()))
        return;
    if (from_terminal || to_command_only)
        j.send_to_command(signal);
    else
        j.send(signal);
}

void stop_with_command(job& j) {
    const auto signal = stopped_by(j.command(), wait_flags::keep);
    if (!signal)
        return;
    // Only these: after a SIGSTOP that was meant for the command alone, nobody would continue this
    // process, and the time limit would have no effect.
    if (*signal != SIGTSTP && *signal != SIGTTIN && *signal != SIGTTOU) {
        (void)stopped_by(j.command(), wait_flags{});
        return;
    }
    const sigset_t stop = set_of(*signal);
    // The stop signal removes a SIGCONT that is blocked. So it is handled until this process runs on.
    const sigset_t resume = set_of(SIGCONT);
    struct sigaction noticed {};
    struct sigaction former {};
    noticed.sa_handler = [](int) { was_continued = 1; };
    was_continued = 0;
    sigaction(SIGCONT, &noticed, &former);
    sigset_t mask;
    sigprocmask(SIG_UNBLOCK, &resume, &mask);
    // The signal is blocked: it stops this process when it is unblocked below. A SIGCONT removes
    // it.
    raise(*signal);
    const bool still_stopped = stopped_by(j.command(), wait_flags{}).has_value();
    if (still_stopped && !was_continued)
        // The kernel does not stop this process if there is no shell that could continue it.
        sigprocmask(SIG_UNBLOCK, &stop, nullptr);
    const timespec at_once{};
    (void)sigtimedwait(&stop, nullptr, &at_once);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    sigaction(SIGCONT, &former, nullptr);
    if (was_continued)
        j.send({SIGCONT, std::nullopt});
}
