// SPDX-License-Identifier: MIT
// Signals to the process group of a child, and waiting for its end.
#include "../kernel/backoff.hpp"
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_group.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_stop.hpp>

#include <cerrno>
#include <sys/wait.h>

namespace pidfd_util {

namespace {

/// Returns 0 if the process is a child that the caller has not reaped, and that does not reap itself:
/// then its number belongs to no other process and to no other group, until a thread of the caller
/// reaps it. EOPNOTSUPP: it is not one.
int check_number_is_kept(int fd, pid_t pid) noexcept {
    // A child that has ended stays a zombie, even if SIGCHLD is ignored after its end.
    bool kept = false;
    if (const int error = sys::children_are_kept(kept); error != 0)
        return explain_refusal(error);
    siginfo_t info;
    switch (const int error = sys::waitid(fd, info, WEXITED | WNOHANG | WNOWAIT | uapi::wait_all);
            error) {
    case 0:
        break;
    case EBADF:
        return identify::explain(fd, error);
    case ECHILD: // no child, or reaped
    case EINVAL: // no waitid(P_PIDFD)
        return EOPNOTSUPP;
    default:
        return explain_refusal(error);
    }
    const bool matches = info.si_pid == 0 ? kept : info.si_pid == pid;
    return matches ? 0 : EOPNOTSUPP;
}

/// Signals the group by its number, which is that of its leader.
int signal_by_number(int fd, int signal) noexcept {
    visible_process process;
    if (const int error = process.open(fd); error != 0)
        return error == ESRCH ? EOPNOTSUPP : error;
    const pid_t pid = process.pid();
    if (pid <= 1) // kill(-1) would signal every process
        return EOPNOTSUPP;
    if (const int error = check_number_is_kept(fd, pid); error != 0)
        return error;
    const int error = sys::kill_group(pid, signal);
    return error == ESRCH ? EINVAL : error; // the process exists, but leads no group
}

/// Finds out whether a process of the group runs, besides the leader, which has ended.
int has_survivors(int fd, bool& running) noexcept {
    const int error = sys::pidfd_send_signal(fd, 0, uapi::signal_process_group);
    const bool has_scopes =
        error != EINVAL && sys::pidfd_send_signal(-1, 0, uapi::signal_process_group) == EBADF;
    if (has_scopes && error == ESRCH) {
        running = false;
        return 0;
    }
    int unseen = process_group::has_running_member(fd, running);
    // Without /proc, the kernel alone shows that the leader was reaped.
    if (bool reaped = false;
        unseen == EOPNOTSUPP && has_scopes && identify::is_reaped(fd, reaped) == 0 && reaped)
        unseen = ESRCH;
    if (unseen != ESRCH)
        return unseen;
    // The leader was reaped. The kernel still knows the group, but counts its zombies as well.
    running = true;
    return has_scopes && (error == 0 || error == EPERM) ? 0 : EOPNOTSUPP;
}

} // namespace

namespace abi {

int signal_group(int fd, int signal) noexcept {
    const int sent = send_signal_to(fd, signal, signal_scope::process_group);
    // EPERM is the kernel's answer here: the errno of a filter has become ERFKILL.
    const int error = sent == ENOSYS ? EOPNOTSUPP : sent;
    if (error == 0 || is_answer(error))
        return error;
    const int by_number = signal_by_number(fd, signal);
    return is_answer(by_number) || error != ERFKILL ? by_number : error;
}

int wait_group(int fd, std::int64_t deadline, bool& ended) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    for (backoff pauses(1'000'000, 64'000'000);;) {
        if (const int error = identify::has_ended(fd, deadline, ended); error != 0 || !ended)
            return error;
        bool running = true;
        if (const int error = has_survivors(fd, running); error != 0 || !running)
            return error;
        ended = false;
        bool over = false;
        if (const int error = pauses.sleep(deadline, over); error != 0 || over)
            return error;
    }
}

} // namespace abi
} // namespace pidfd_util
