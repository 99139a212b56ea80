// SPDX-License-Identifier: MIT
// Ends a program by the fault that it has handled, as folly does by hand in SignalHandler.cpp,
// try_async_reraise and callPreviousSignalHandler (commit ff98381).
//
// The trap that this avoids: in threads other than the first, the kernel refuses to send the signal
// through a pidfd of the process, or any thread may get it. Then the core dump shows another cause.
#ifndef ADOPTED_RERAISE_SIGNAL_HPP
#define ADOPTED_RERAISE_SIGNAL_HPP

#include <pidfd_util/pidfd.hpp>

#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace adopted {

/// Restores the default action of the signal, and sends it to the calling thread again with its cause
/// and its address. A handler calls this and returns: then the signal arrives. Needs Linux 6.9, for the
/// pidfd of a thread. If it fails, the caller can raise the signal, which loses the cause.
/// Async-signal-safe.
inline pidfd_util::expected<void> reraise_signal(const siginfo_t& info) {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    sigaction(info.si_signo, &standard, nullptr);
    const auto thread = pidfd_util::pidfd::from_tid(static_cast<pid_t>(syscall(SYS_gettid)));
    if (!thread)
        return pidfd_util::unexpected(thread.error());
    return thread->resend_signal(info);
}

} // namespace adopted

#endif
