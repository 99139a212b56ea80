// SPDX-License-Identifier: MIT
#include "spawn_outcome.hpp"

#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi_types.hpp>

#include <cerrno>
#include <csignal>
#include <new>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

constexpr spawn_outcome it_runs{0, spawn_step::exec};
constexpr spawn_outcome ended_by_signal{ECANCELED, spawn_step::exec};

/// How a child ended.
struct end {
    bool exited; // or a signal ended it
    int status;  // with which it exited
};

/// Until it runs a program, a child is one that `__WCLONE` asks for, and that no wait without such
/// a flag sees; after that it never is. So this reaps a child that did not run its program, waiting
/// for its end, and returns false of every other one.
bool reap_if_it_never_ran(const made_child& child, end& how) noexcept {
    siginfo_t info;
    switch (-sys::waitid(child.pidfd, info, WEXITED | uapi::wait_clone)) {
    case 0:
        how = {info.si_code == CLD_EXITED, info.si_status};
        return true;
    case ECHILD:
        return false;
    default: // no waitid(P_PIDFD) in this kernel or sandbox
        break;
    }
    // The number is the child's still, unless it ran its program: nobody else reaps it before.
    int status = 0;
    if (sys::wait_by_number(child.pid, uapi::wait_clone, status) != child.pid)
        return false;
    how = {WIFEXITED(status), WEXITSTATUS(status)};
    return true;
}

/// Whether it is a child that runs a program, or has run one and was not reaped.
bool has_run(const made_child& child) noexcept {
    siginfo_t info;
    return sys::waitid(child.pidfd, info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// Nothing is left of a child that failed, if it failed.
void see_it_end(const made_child& child) noexcept {
    if (sys::pidfd_send_signal(child.pidfd, SIGKILL, 0) == 0)
        (void)sys::poll(child.pidfd, abi::never);
}

} // namespace

shared_outcome::~shared_outcome() {
    if (outcome_ != nullptr)
        sys::unmap(outcome_, sizeof *outcome_);
}

int shared_outcome::make() noexcept {
    void* where = nullptr;
    const int error = -sys::map_shared(sizeof(spawn_outcome), where);
    if (error == 0)
        outcome_ = new (where) spawn_outcome{};
    return error;
}

spawn_outcome settle_outcome(const made_child& child, const spawn_outcome& written) noexcept {
    const spawn_outcome claimed = written; // once: others may be writing to it
    const bool failed = child.shares_memory && claimed.error != 0;
    if (!failed && has_run(child))
        return it_runs;
    end how{};
    if (reap_if_it_never_ran(child, how)) {
        if (failed)
            return claimed;
        if (!how.exited || how.status == 0)
            return ended_by_signal;
        // The kernel vouches for the low byte of the errno. Emulators of system calls make a copy of
        // memory that is to be shared, and nothing is claimed then.
        if (claimed.error > 0 && exit_status_of(claimed.error) == how.status)
            return claimed;
        return {how.status, spawn_step::exec};
    }
    // It ran and was reaped, or it reaps itself, or another thread has reaped it.
    if (!failed && claimed.error != 0)
        see_it_end(child);
    return claimed;
}

void kill_and_reap(pid_t pid) noexcept {
    int status = 0;
    (void)sys::call(SYS_kill, pid, SIGKILL);
    (void)sys::wait_by_number(pid, uapi::wait_all, status);
}

} // namespace pidfd_util
