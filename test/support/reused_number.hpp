// SPDX-License-Identifier: MIT
// One pid for two processes: a victim, whose parent ignores SIGCHLD, and an heir, which gets the pid as
// soon as the victim has ended. For the first process of a pid namespace, where no other process takes
// the pid in between.
#ifndef PIDFD_UTIL_TEST_REUSED_NUMBER_HPP
#define PIDFD_UTIL_TEST_REUSED_NUMBER_HPP

#include "processes.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

inline constexpr pid_t reused_number = 7000;

/// Forks a child with that pid, also before Linux 5.5, where only the last pid can be set.
inline pid_t fork_with_reused_number() {
    pid_t made = fork_with_pid(reused_number);
    // The kernel frees the number a moment after its process is gone.
    for (int i = 0; i < 300 && made < 0 && errno == EEXIST; ++i) {
        usleep(100);
        made = fork_with_pid(reused_number);
    }
    if (made >= 0 || errno == EEXIST || errno == EPERM)
        return made;
    const int last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    const std::string before = std::to_string(reused_number - 1);
    const bool set = last >= 0 && write(last, before.c_str(), before.size()) > 0;
    close(last);
    const pid_t other = set ? fork() : -1;
    if (other == 0 && getpid() != reused_number)
        _exit(1);
    return other == reused_number || other == 0 ? other : -1;
}

/// Makes the victim, a child of the caller, which ignores SIGCHLD from here on. `live` runs in it
/// first. False if it gets another pid.
template <class Live>
bool bear_victim(Live live) {
    std::signal(SIGCHLD, SIG_IGN);
    int lives[2];
    if (pipe2(lives, O_CLOEXEC) != 0)
        return false;
    const pid_t victim = fork_with_reused_number();
    if (victim == 0) {
        setpgid(0, 0);
        live();
        (void)!write(lives[1], "+", 1);
        live_on();
    }
    close(lives[1]);
    char byte = 0;
    const bool born = victim == reused_number && read(lives[0], &byte, 1) == 1;
    close(lives[0]);
    return born;
}

/// Ends the victim; its parent's setting reaps it.
inline void end_victim() {
    kill_made(reused_number);
    for (int i = 0; i < 50000 && kill(reused_number, 0) == 0; ++i)
        usleep(100);
}

/// The heir is a child of the first process, and leads a process group, as the victim does.
class reused_number_heir {
public:
    reused_number_heir() = default;
    reused_number_heir(const reused_number_heir&) = delete;
    reused_number_heir& operator=(const reused_number_heir&) = delete;
    ~reused_number_heir() {
        if (!born_)
            return;
        kill_made(reused_number);
        waitpid(reused_number, nullptr, 0);
    }

    void be_born() {
        const pid_t heir = fork_with_reused_number();
        if (heir == 0)
            live_on();
        born_ = heir == reused_number && setpgid(heir, heir) == 0;
    }
    bool born() const { return born_; }
    /// Whether no signal has reached it.
    bool is_untouched() const {
        int status = 0;
        return waitpid(reused_number, &status, WNOHANG | WUNTRACED | WCONTINUED) == 0;
    }

private:
    bool born_ = false;
};

/// Whether the pidfd refers to a living process with that pid. The number in fdinfo is that of a living
/// process on every kernel.
inline bool is_of_living_number(int pidfd) {
    pollfd p{pidfd, POLLIN, 0};
    if (poll(&p, 1, 0) != 0)
        return false;
    const std::string fdinfo = "/proc/thread-self/fdinfo/" + std::to_string(pidfd);
    return field(read_file_at(AT_FDCWD, fdinfo.c_str()), "Pid:") == std::to_string(reused_number);
}

/// Whether the pidfd refers to a process that has ended.
inline bool is_of_ended(int pidfd) {
    pollfd p{pidfd, POLLIN, 0};
    return poll(&p, 1, 0) == 1;
}

} // namespace support

#endif
