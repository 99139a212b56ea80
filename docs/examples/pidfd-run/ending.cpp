// SPDX-License-Identifier: MIT
#include "ending.hpp"

#include "messages.hpp"

#include <csignal>
#include <sys/prctl.h>
#include <sys/resource.h>

int code_for(const pidfd_util::exit_status& status) {
    return status.code() ? *status.code() : exit_by_signal + status.signal().value_or(0);
}

int end_like(const pidfd_util::exit_status& status) {
    if (const auto number = status.signal()) {
        const rlimit none{0, 0};
        // The limit does not apply if a program receives the cores: see core(5).
        (void)prctl(PR_SET_DUMPABLE, 0);
        (void)setrlimit(RLIMIT_CORE, &none);
        signal(*number, SIG_DFL);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, *number);
        raise(*number);
        // cppcheck-suppress unreachableCode; the signal may be blocked
        sigprocmask(SIG_UNBLOCK, &one, nullptr);
    }
    return code_for(status);
}
