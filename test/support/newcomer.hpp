// SPDX-License-Identifier: MIT
// A process that has got the pid of another one, which was reaped.
#ifndef PIDFD_UTIL_TEST_NEWCOMER_HPP
#define PIDFD_UTIL_TEST_NEWCOMER_HPP

#include "processes.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

/// Sleeps until the end of its scope.
class newcomer {
public:
    explicit newcomer(pid_t pid) : pid_(fork_sleeper_with_pid(pid)) {}
    newcomer(const newcomer&) = delete;
    newcomer& operator=(const newcomer&) = delete;
    ~newcomer() {
        kill_made(pid_);
        if (pid_ > 0)
            waitpid(pid_, nullptr, 0);
    }

    /// False where no pid can be chosen.
    explicit operator bool() const { return pid_ > 0; }

    /// Returns whether the process lives, and no signal has stopped or continued it.
    bool is_untouched() const {
        siginfo_t info{}; // not reaped here: the destructor kills the number
        return waitid(P_PID, static_cast<id_t>(pid_), &info,
                      WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0 &&
               info.si_pid == 0;
    }

private:
    pid_t pid_;
};

} // namespace support

#endif
