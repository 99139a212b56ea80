// SPDX-License-Identifier: MIT
#include "tree_search.hpp"

#include "../kernel/backoff.hpp"
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/caller.hpp"
#include "../paths/child_numbers.hpp"
#include "../paths/memory_sharing.hpp"
#include "../paths/process_opener.hpp"
#include "../paths/process_start.hpp"
#include "../paths/thread_states.hpp"

#include <cerrno>
#include <csignal>

namespace pidfd_util {

namespace {

int is_over(std::int64_t deadline, bool& over) noexcept {
    std::int64_t left = 0;
    const int error = sys::time_until(deadline, left);
    over = error == 0 && left == 0;
    return error;
}

/// Returns 0 if no filter answers to SIGKILL instead of the kernel.
int check_kill_arrives() noexcept {
    switch (const int error = sys::pidfd_send_signal(-1, SIGKILL, 0); error) {
    case EBADF:
        return 0;
    case 0:
    case ENOSYS:
        return ENOSYS;
    default: {
        const int explained = explain_denial(error);
        return explained == error ? explain_unexpected(error) : explained;
    }
    }
}

} // namespace

int tree_search::check_root(const visible_process& process, process_stat::record& stat) noexcept {
    const procfs::process& files = process.files();
    if (const int error = files.settle(process_stat::read(files, stat)); error != 0)
        return error;
    if (process.pid() == 1 || (stat.flags & process_stat::kernel_thread) != 0)
        return EINVAL;
    process_opener opener;
    if (const int error = opener.prepare(files.root()); error != 0)
        return error;
    const pid_t number = files.shown().pid;
    bool stops_caller = false;
    if (const int error = caller::descends_from(files.root(), number, opener.self(), stops_caller);
        error != 0)
        return error;
    if (stops_caller)
        return EINVAL;
    if (const int error = caller::find_tracer(files.root(), tracer_); error != 0)
        return error;
    return number == tracer_ ? EDEADLK : 0;
}

/// Stops a member that was found. Its state and its start are what its stat has.
int tree_search::stop(std::size_t i, char state, std::uint64_t start) noexcept {
    if (process_stat::is_end(state))
        if (const int error = thread_states::find_living(members_.at(i).fd, state);
            error != 0 && error != ESRCH)
            return error;
    // A SIGSTOP for the parent's process group also stops a child that the parent is just making. And
    // the SIGSTOP of a process that a debugger has stopped stays pending until SIGCONT.
    const bool was_stopped = state == 'T' && start < begin_;
    bool sent = false;
    const int error = members_.signal(i, SIGSTOP, sent);
    members_.at(i).continues = sent && !was_stopped;
    return error;
}

/// Stops a member that runs although it has got SIGSTOP. When a parent ends, the kernel can continue a
/// process group; anybody may send SIGCONT; and a tracer may discard the SIGSTOP.
int tree_search::stop_again(std::size_t i) noexcept {
    bool sent = false;
    const int error = members_.signal(i, SIGSTOP, sent);
    members_.at(i).continues = members_.at(i).continues || sent;
    return error;
}

int tree_search::begin(int fd) noexcept {
    int flags = 0;
    if (const int error = sys::open_flags(fd, flags); error != 0)
        return error;
    visible_process process;
    if (const int error = process.open(fd); error != 0)
        return error;
    if ((static_cast<unsigned>(flags) & uapi::pidfd_thread) != 0)
        return EINVAL;
    process_stat::record stat{};
    if (const int error = check_root(process, stat); error != 0)
        return error;
    if (const int error = members_.make(); error != 0)
        return error;
    members_.add(fd, process.files().shown().pid, stat);
    if (const int error = check_kill_arrives(); error != 0)
        return error;
    if (process_start::read_clock(process.files().root(), begin_) != 0)
        begin_ = 0;
    if (const int error = stop(0, stat.state, stat.start); error != 0)
        return error;
    // If a filter discards SIGSTOP, the process would never seem to stop.
    return explain_success([] { return sys::pidfd_send_signal(-1, SIGSTOP, 0); });
}

int tree_search::add_child(const procfs::process& files, std::size_t of, pid_t number, pid_t thread,
                           bool& added) noexcept {
    for (std::size_t i = 0; i < members_.count(); ++i) {
        tree_member& m = members_.at(i);
        if (m.number != number)
            continue;
        m.adopted = m.adopted || m.parent != of || m.parent_thread != thread;
        m.parent = of;
        return 0;
    }
    process_opener opener;
    if (const int error = opener.prepare(files.root()); error != 0)
        return error;
    if (number == opener.self())
        return EINVAL;
    if (number == tracer_)
        return EDEADLK;
    unique_fd child;
    process_stat::record stat{};
    const int error = opener.open_child(files, members_.at(of).number, number, child, stat);
    added = true;
    if (error == ESRCH) // it has ended, or has another parent: another look shows
        return 0;
    if (error != 0)
        return error;
    if (members_.full())
        return ERANGE;
    tree_member& m = members_.add(child.release(), number, stat);
    m.parent = of;
    m.parent_thread = thread;
    return stop(members_.count() - 1, stat.state, stat.start);
}

int tree_search::add_children(std::size_t of, bool& added) noexcept {
    procfs::process files;
    if (const int error = files.open(members_.at(of).fd); error != 0) {
        if (error != ESRCH)
            return error;
        members_.at(of).number = 0;
        members_.at(of).ended = true;
        added = true; // its children have another parent now, which may be a member
        return 0;
    }
    int outcome = 0;
    bool hidden = false;
    const int error = child_numbers::for_each(
        files, members_.at(of).number, hidden, [&](pid_t number, pid_t thread) {
            outcome = add_child(files, of, number, thread, added);
            return outcome == 0;
        });
    if (outcome != 0 && outcome != ESRCH)
        return outcome;
    if (hidden)
        return EACCES;
    switch (const int settled = files.settle(error); settled) {
    case ESRCH:
        added = true;
        return 0;
    default:
        return settled;
    }
}

int tree_search::list_all(bool& quiet) noexcept {
    for (std::size_t i = 0; i < members_.count(); ++i) {
        if (members_.at(i).number == 0)
            continue;
        bool added = false;
        if (const int error = add_children(i, added); error != 0)
            return error;
        quiet = quiet && !added;
    }
    return 0;
}

/// After vfork, a thread sleeps uninterruptibly until its child executes a program or ends. It cannot
/// make another child before that. In any other call, a fork among them, it may sleep like this too:
/// but the child of an earlier fork has memory of its own.
bool tree_search::waits_for_stopped_child(const procfs::process& files, std::size_t i,
                                          pid_t thread) noexcept {
    for (std::size_t child = 1; child < members_.count(); ++child) {
        const tree_member& m = members_.at(child);
        if (m.parent == i && m.number != 0 && m.stopped && !m.ended && !m.has_executed &&
            !m.adopted && (m.parent_thread == thread || m.parent_thread == 0) &&
            memory_sharing::is_proved(files, thread, m.fd))
            return true;
    }
    return false;
}

int tree_search::look_at_threads(const procfs::process& files, std::size_t i) noexcept {
    tree_member& m = members_.at(i);
    bool all = true;
    bool living = false;
    const int error = files.settle(
        thread_states::for_each(files, [&](pid_t tid, const process_stat::record& stat) {
            if (tid == m.number)
                m.update(stat);
            living = living || !process_stat::is_end(stat.state);
            all = process_stat::is_end(stat.state) || process_stat::is_stop(stat.state) ||
                  (stat.state == 'D' && waits_for_stopped_child(files, i, tid));
            return all;
        }));
    m.stopped = error == 0 && all;
    m.ended = m.stopped && !living;
    return error;
}

/// Finds out whether all threads of a member have stopped. `lost` is set if it was reaped.
int tree_search::look(std::size_t i, bool& lost) noexcept {
    tree_member& m = members_.at(i);
    m.stopped = false;
    procfs::process files;
    int error = files.open(m.fd);
    if (error == 0)
        error = look_at_threads(files, i);
    if (error == ESRCH) {
        lost = true;
        m.number = 0;
        m.stopped = m.ended = true;
        return 0;
    }
    return error == 0 && !m.stopped ? stop_again(i) : error;
}

int tree_search::look_at_all(bool& quiet) noexcept {
    // Children come after their parents: a parent that waits for one is looked at later.
    for (std::size_t i = members_.count(); i-- > 0;) {
        if (members_.at(i).number == 0)
            continue;
        bool lost = false;
        if (const int error = look(i, lost); error != 0)
            return error;
        quiet = quiet && !lost && members_.at(i).stopped;
    }
    return 0;
}

int tree_search::close(std::int64_t deadline) noexcept {
    // All members were stopped, then none had a child that is not a member, then all were still
    // stopped, and none was reaped in between, which could have hidden a child from the list.
    bool stood_still = false;
    for (backoff pauses(50'000, 5'000'000);;) {
        bool complete = true;
        if (const int error = list_all(complete); error != 0)
            return error;
        bool still = complete;
        if (complete)
            if (const int error = look_at_all(still); error != 0)
                return error;
        if (stood_still && still)
            return 0;
        stood_still = still;
        bool over = false;
        const int error =
            complete && !still ? pauses.sleep(deadline, over) : is_over(deadline, over);
        if (error != 0 || over)
            return error != 0 ? error : ETIMEDOUT;
    }
}

} // namespace pidfd_util
