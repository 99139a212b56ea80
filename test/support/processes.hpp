// SPDX-License-Identifier: MIT
// Processes in every state that a pidfd can refer to, and file descriptors that are not pidfds.
#ifndef PIDFD_UTIL_TEST_PROCESSES_HPP
#define PIDFD_UTIL_TEST_PROCESSES_HPP

#include <pidfd_util/pidfd.hpp>

#include <csignal>
#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

/// A raw pidfd_open, for flags that the library does not offer; -1 and errno.
int raw_pidfd_open(pid_t pid, unsigned flags);

/// Does nothing until a signal ends the process.
[[noreturn]] void live_on();

/// Forks a child that does nothing until a signal, or the end of the calling thread, ends it.
pid_t fork_sleeper();

/// Forks a child with this pid, which must be free; -1 and errno on failure. Needs CAP_SYS_ADMIN or
/// CAP_CHECKPOINT_RESTORE over the pid namespace.
pid_t fork_with_pid(pid_t pid);
/// The same, and the child does nothing until a signal ends it: the new owner of a pid.
pid_t fork_sleeper_with_pid(pid_t pid);
/// The reason for which a test is skipped.
inline constexpr const char* no_chosen_pid = "no right to choose a pid";

/// The file's text; empty where it cannot be read.
std::string read_file_at(int dir, const char* path);
/// The rest of the line that begins with `key`, as in /proc/PID/status, without blanks around it.
std::string field(const std::string& text, const std::string& key);

/// R, S, Z and so on, of the first thread: see proc_pid_stat(5).
char state_of(pid_t pid);

/// A child of the test with a pidfd. It is killed and reaped at the end of its scope.
class test_child {
public:
    /// Sleeps until it is killed.
    static test_child running();
    /// The same, after `prepare` has run in it: `prepared` returns its result.
    static test_child ready(std::function<bool()> prepare);
    /// Runs the function and exits with what it returns. It sleeps first until `go` is called.
    static test_child that(std::function<int()> body);
    /// Has exited with the code, and waits to be reaped.
    static test_child zombie(int code = 0);
    /// Has exited and was reaped: only its pidfd is left.
    static test_child reaped();

    test_child(test_child&& other) noexcept;
    test_child& operator=(test_child&&) = delete;
    ~test_child();

    pid_t pid() const { return pid_; }
    pidfd_util::pidfd_view fd() const { return fd_; }
    bool prepared() const { return prepared_; }

    void go();                        // lets `that` begin
    void wait_for_end();              // until it is a zombie
    void reap();                      // kills it, if need be
    void disown() { reaped_ = true; } // another process reaps it

private:
    test_child(pid_t pid, int start) noexcept;

    pid_t pid_;
    pidfd_util::pidfd fd_;
    int start_; // the writing end of a pipe, or -1
    bool reaped_ = false;
    bool prepared_ = true;
};

/// Sends SIGKILL to a process of the test. Does nothing if the pid is -1, because kill(2) would
/// signal every process.
inline void kill_made(pid_t pid) {
    if (pid > 0)
        ::kill(pid, SIGKILL);
}

/// A subject of an operation.
struct subject {
    std::string name;
    int fd = -1;
    pid_t pid = 0;               // what the caller should see
    std::function<void()> close; // ends the process

    subject(std::string n, int f, pid_t p, std::function<void()> c)
        : name(std::move(n)), fd(f), pid(p), close(std::move(c)) {}
    subject(subject&& other) noexcept
        : name(std::move(other.name)), fd(other.fd), pid(other.pid),
          close(std::exchange(other.close, nullptr)) {}
    ~subject() {
        if (close)
            close();
    }
};

/// Living processes: a child, the caller, a child of another user, a thread of the caller (where
/// the kernel has PIDFD_THREAD), a kernel thread (where the caller sees one), and a process in a
/// child pid namespace (where the caller may make one).
std::vector<subject> living();

/// File descriptors that are not pidfds: a pipe, a file, a directory of /proc/PID, a socket, a
/// namespace.
std::vector<subject> impostors();

/// All of the above, a zombie, a reaped process, and closed file descriptors.
std::vector<subject> everything();

/// How many file descriptors the caller has open.
int count_fds();

} // namespace support

#endif
