// SPDX-License-Identifier: MIT
#include "spawn_outcome.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/info_ioctl.hpp"

#include <pidfd_util/abi_types.hpp>

#include <cerrno>
#include <csignal>
#include <new>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

constexpr spawn_outcome it_runs{0, spawn_step::exec, true};
constexpr spawn_outcome ended_by_signal{ECANCELED, spawn_step::exec, true};
constexpr spawn_outcome dead_at_birth{ECANCELED, spawn_step::clone, false};

/// How a child ended.
struct end {
    bool exited; // otherwise a signal killed it
    int status;  // the exit status
};

/// Reaps a child that did not run its program, after waiting for its end. Returns false for any
/// other child. Before execve, a child whose exit signal is not SIGCHLD is seen only by waits with
/// `__WCLONE` or `__WALL`; after execve, never by `__WCLONE`.
bool reap_if_it_never_ran(const made_child& child, end& how) noexcept {
    siginfo_t info;
    switch (sys::waitid(child.pidfd, info, WEXITED | uapi::wait_clone)) {
    case 0:
        how = {info.si_code == CLD_EXITED, info.si_status};
        return true;
    case ECHILD:
        return false;
    default: // no waitid(P_PIDFD) in this kernel or sandbox
        break;
    }
    // The number still belongs to the child unless the child has run its program: until then, no
    // other wait reaps it.
    int status = 0;
    pid_t reaped = 0;
    if (sys::wait_by_number(child.pid, uapi::wait_clone, status, reaped) != 0 ||
        reaped != child.pid)
        return false;
    how = {WIFEXITED(status), WEXITSTATUS(status)};
    return true;
}

/// Returns whether the child runs a program, or has run one and was not reaped.
bool has_run(const made_child& child) noexcept {
    siginfo_t info;
    return sys::waitid(child.pidfd, info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/// Returns whether the status that the kernel keeps of a reaped child shows that SIGKILL ended it.
bool was_killed(const made_child& child) noexcept {
    bool ended = false;
    int status = 0;
    return info_ioctl::get_exit(child.pidfd, ended, status) == 0 && ended && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGKILL;
}

/// Waits for the end of a child that is about to end. The parent continues before the kernel has
/// closed the child's file descriptors.
void wait_until_exited(const made_child& child) noexcept {
    short events = 0;
    (void)sys::poll(child.pidfd, abi::never, events);
}

/// Kills a child that seems to have failed and that this thread cannot reap, and waits for its end.
void wait_for_failed(const made_child& child) noexcept {
    if (sys::pidfd_send_signal(child.pidfd, SIGKILL, 0) == 0 &&
        sys::pidfd_send_signal(-1, 0, 0) == EBADF)
        wait_until_exited(child);
}

} // namespace

shared_outcome::~shared_outcome() {
    if (outcome_ != nullptr)
        sys::unmap(outcome_, sizeof *outcome_);
}

int shared_outcome::make() noexcept {
    void* where = nullptr;
    const int error = sys::map_shared(sizeof(spawn_outcome), where);
    if (error == 0)
        outcome_ = new (where) spawn_outcome{};
    return error;
}

spawn_outcome settle_outcome(const made_child& child, const spawn_outcome& written) noexcept {
    const spawn_outcome claimed = written; // read once: another child may be writing to it
    const bool failed = child.shares_memory && claimed.error != 0;
    if (!failed && has_run(child))
        return it_runs;
    end how{};
    if (reap_if_it_never_ran(child, how)) {
        if (failed)
            return claimed;
        if (!how.exited || how.status == 0)
            return claimed.began ? ended_by_signal : dead_at_birth;
        // The exit status proves the low byte of the errno. Emulators of system calls copy memory
        // that should be shared: then the outcome is not valid.
        if (claimed.error > 0 && exit_status_of(claimed.error) == how.status)
            return claimed;
        return {how.status, spawn_step::exec, true};
    }
    // It ran and was reaped, or it reaps itself, or another thread has reaped it. Only a child in the
    // same memory shows for certain that it never ran, and not under an emulator that copies it.
    if (child.shares_memory && !claimed.began && was_killed(child))
        return dead_at_birth;
    if (failed)
        wait_until_exited(child);
    else if (claimed.error != 0)
        wait_for_failed(child);
    return claimed;
}

void kill_and_reap(pid_t pid) noexcept {
    int status = 0;
    pid_t reaped = 0;
    (void)sys::call(SYS_kill, pid, SIGKILL);
    (void)sys::wait_by_number(pid, uapi::wait_all, status, reaped);
}

} // namespace pidfd_util
