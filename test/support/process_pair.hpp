// SPDX-License-Identifier: MIT
// A process with one child: the smallest tree.
#ifndef PIDFD_UTIL_TEST_PROCESS_PAIR_HPP
#define PIDFD_UTIL_TEST_PROCESS_PAIR_HPP

#include "processes.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace support {

struct process_pair {
    pid_t root;
    pid_t child;
};

/// Waits until the process has this state: see proc_pid_stat(5).
inline void wait_for_state(pid_t pid, char state) {
    while (state_of(pid) != state)
        usleep(200);
}
/// Waits for a while at most. Returns whether the process has the state.
inline bool gets_state(pid_t pid, char state) {
    for (int i = 0; i < 5000 && state_of(pid) != state; ++i)
        usleep(1000);
    return state_of(pid) == state;
}

/// Forks a root, which runs `prepare`, forks a child that runs `live`, and then runs `root_live`.
/// Returns when both exist.
template <class Prepare, class Live, class RootLive>
process_pair fork_pair(Prepare prepare, Live live, RootLive root_live) {
    int made[2];
    if (pipe2(made, O_CLOEXEC) != 0)
        _exit(1);
    process_pair pair{};
    pair.root = fork();
    if (pair.root == 0) {
        prepare();
        const pid_t child = fork();
        if (child == 0) {
            live();
            live_on();
        }
        (void)!write(made[1], &child, sizeof child);
        root_live();
        live_on();
    }
    (void)!read(made[0], &pair.child, sizeof pair.child);
    close(made[0]);
    close(made[1]);
    return pair;
}
template <class Live>
process_pair fork_pair(Live live) {
    return fork_pair([] {}, live, [] {});
}
inline process_pair fork_pair() {
    return fork_pair([] {});
}

inline void end_pair(const process_pair& pair) {
    kill_made(pair.child);
    kill_made(pair.root);
}

} // namespace support

#endif
