// SPDX-License-Identifier: MIT
// Interrupts a call of an isolated child by signals, each time when it sleeps.
#ifndef PIDFD_UTIL_TEST_INTERRUPTED_SLEEP_HPP
#define PIDFD_UTIL_TEST_INTERRUPTED_SLEEP_HPP

#include "processes.hpp"

#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace support {

namespace interrupted_sleep {

inline constexpr int signals = 3;
inline int report = -1; // the writing end of a pipe
inline volatile std::sig_atomic_t count = 0;

inline void note(int) {
    count = count + 1;
    (void)!write(report, "n", 1);
}

} // namespace interrupted_sleep

/// Calls `sleeps`. Another process interrupts it while it sleeps, several times, and calls `wake`
/// then. Returns whether all signals came. The caller must have one thread.
template <class Sleeps, class Wake>
bool interrupt_while(Sleeps sleeps, Wake wake) {
    namespace self = interrupted_sleep;
    int noted[2];
    if (pipe2(noted, O_CLOEXEC) != 0)
        return false;
    self::report = noted[1];
    struct sigaction action {}; // without SA_RESTART
    action.sa_handler = self::note;
    sigaction(SIGUSR1, &action, nullptr);
    const pid_t sleeper = getpid();
    test_child other = test_child::that([&] {
        for (int i = 0; i < self::signals; ++i) {
            while (state_of(sleeper) != 'S')
                sched_yield();
            ::kill(sleeper, SIGUSR1);
            char byte = 0;
            (void)!read(noted[0], &byte, 1);
        }
        // Not earlier: `sleeps` would not sleep again.
        while (state_of(sleeper) != 'S')
            sched_yield();
        wake();
        return 0;
    });
    other.go();
    sleeps();
    return self::count == self::signals;
}

} // namespace support

#endif
