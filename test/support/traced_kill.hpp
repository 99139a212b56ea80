// SPDX-License-Identifier: MIT
// kill_tree and kill_descendants under a tracer, which stops the caller at each system call, and can
// change the tree there.
#ifndef PIDFD_UTIL_TEST_TRACED_KILL_HPP
#define PIDFD_UTIL_TEST_TRACED_KILL_HPP

#include "error_of.hpp"
#include "process_pair.hpp"
#include "processes.hpp"
#include "shared_object.hpp"
#include "tracer.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <chrono>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>

namespace support {

/// The reason for which a test is skipped.
inline constexpr const char* no_tracer =
    "no process can be traced here, or its calls cannot be changed";

inline void wait_until_gone(pid_t pid) {
    while (kill(pid, 0) == 0)
        usleep(200);
}

/// What the traced process and its tracer share.
struct board {
    bool traced;
    int error;
    int second_error;
    std::size_t killed;
    bool child_alive;
    process_pair pair;
    int root_fd;
};

/// Runs `prepare` and then `call` in a traced child, and calls `at_call(tracee, call)` at each system
/// call of `call`. Leaves the child stopped before its end.
template <class Prepare, class Call, class AtCall>
void trace(board& b, Prepare prepare, Call call, AtCall at_call) {
    const pid_t pid = fork();
    if (pid == 0) {
        if (!be_traced())
            _exit(1);
        prepare();
        make(mark::begin);
        call();
        make(mark::end);
        _exit(0);
    }
    tracee asking(pid);
    b.traced = asking.traced() && can_falsify();
    if (!b.traced)
        return;
    bool begun = false;
    while (const auto next = asking.next_call()) {
        if (is(*next, mark::end))
            break;
        if (begun)
            at_call(asking, *next);
        begun = begun || is(*next, mark::begin);
    }
}

/// Whether the call sends this signal to a process.
inline bool sends(const system_call& call, int signal) {
    return call.number == SYS_pidfd_send_signal && static_cast<int>(call.arguments[0]) >= 0 &&
           static_cast<int>(call.arguments[1]) == signal;
}

/// Kills the tree of the pair.
template <std::size_t n>
void kill_root(board& b, std::chrono::nanoseconds time) {
    const auto process = pidfd_util::pidfd::from_pid(b.pair.root);
    b.error = error_of(process);
    if (!process)
        return;
    b.root_fd = process->fd();
    pidfd_util::pidfd found[n];
    const auto killed = pidfd_util::kill_tree(*process, found, time);
    b.error = error_of(killed);
    b.killed = killed ? killed->killed : 0;
}

} // namespace support

#endif
