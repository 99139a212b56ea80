// SPDX-License-Identifier: MIT
#include "child_parent.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "certain.hpp"

#include <cerrno>
#include <csignal>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

using sys::call;

/// Returns ESRCH if the process of a pidfd has ended.
int check_running(int pidfd) noexcept {
    // When a process ends, the kernel gives its children another parent, sends them their
    // parent-death signals, and then marks the process as ended, all under one lock. A wait takes
    // this lock: after it, a process that has sent its signals is also marked.
    siginfo_t info;
    (void)sys::waitid(pidfd, info, WEXITED | WNOHANG);
    short events = 0;
    const int error = sys::poll(pidfd, 0, events);
    return error == 0 && events != 0 ? ESRCH : error;
}

} // namespace

int check_lives_as_long() noexcept {
    pid_t process = 0;
    pid_t thread = 0;
    if (const int error = sys::getpid(process); error != 0) // the kernel never fails here
        return explain_refusal(error);
    if (const int error = sys::gettid(thread); error != 0)
        return explain_refusal(error);
    return thread == process ? 0 : EOPNOTSUPP;
}

int set_parent_death(const spawn_plan& plan, int parent_fd) noexcept {
    const auto set_signal = [](int signal) {
        return call(SYS_prctl, PR_SET_PDEATHSIG, signal, 0, 0, 0);
    };
    if (const int error = certain([&] { return set_signal(death_signal_of(plan.options)); },
                                  [&] { return set_signal(-1); });
        error != 0)
        return error;
    // If the parent ended before, the signal never comes.
    long parent = 0;
    if (const int error = sys::call_for(parent, SYS_getppid);
        error != 0) // the kernel never fails here
        return explain_refusal(error);
    if (parent != 0)
        return parent == plan.parent ? 0 : ESRCH;
    // In another pid namespace than the parent's, getppid always returns 0.
    return parent_fd >= 0 ? check_running(parent_fd) : explain_refusal(plan.parent_fd_error);
}

} // namespace pidfd_util
