// SPDX-License-Identifier: MIT
// Starting the test's own program with spawn, and children by other ways than spawn.
#ifndef PIDFD_UTIL_TEST_LIFECYCLE_HPP
#define PIDFD_UTIL_TEST_LIFECYCLE_HPP

#include <pidfd_util/spawn.hpp>

#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

/// The path of the test program.
std::string this_program();

/// The path of the program spawnee.cpp, which is in the directory of the test program or above it. Can also be
/// called in an isolated child.
const char* spawnee();

/// A null-terminated argv: "spawnee" and the words.
class arguments {
public:
    arguments(std::initializer_list<const char*> words) : words_{"spawnee"} {
        words_.insert(words_.end(), words);
        words_.push_back(nullptr);
    }
    operator const char* const*() const { return words_.data(); }

private:
    std::vector<const char*> words_;
};

/// The outcome of a spawned program.
struct run_result {
    int error = 0; // of spawn, with the step
    pidfd_util::spawn_step step{};
    std::string output;
    std::optional<pidfd_util::exit_status> status;

    /// The rest of the line of the output that begins with the word; "?" if there is none.
    std::string operator[](const std::string& word) const;
};

/// Spawns the spawnee with these commands, reads its output to the end, and waits for it.
run_result run(std::initializer_list<const char*> commands,
               const pidfd_util::spawn_options& options = {});
/// The same for any program.
run_result run_program(const char* file, const char* const* argv,
                       const pidfd_util::spawn_options& options);

/// A spawned spawnee that has executed the commands and sleeps.
pidfd_util::child sleeping(std::initializer_list<const char*> commands = {});

/// Makes a child like fork, with its pidfd, even if pidfd_open is refused. The child runs the
/// function and exits with its result. Returns the pid, or -1 and errno.
pid_t fork_with_pidfd(int (*run)(void*), void* argument, int& pidfd);
pid_t fork_exiting(int code, int& pidfd);
pid_t fork_sleeping(int& pidfd);

/// The result of `wait`: a wait status, or a negated errno.
int wait_for(pidfd_util::pidfd_view fd);
/// The result of `try_wait`; `not_yet` if it is empty.
inline constexpr int not_yet = 0x7fffffff;
int try_wait_for(pidfd_util::pidfd_view fd);

/// How many children of the caller are not reaped, living or not, as /proc shows them.
int count_children();

/// Sends SIGALRM every millisecond to a handler that does nothing, without SA_RESTART.
class signal_storm {
public:
    signal_storm();
    ~signal_storm();
    signal_storm(const signal_storm&) = delete;
    signal_storm& operator=(const signal_storm&) = delete;
    static long count();
};

/// A directory of its own, removed with its files at the end of the scope.
class temporary_directory {
public:
    temporary_directory();
    ~temporary_directory();
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    const std::string& path() const { return path_; }
    /// A file with the text and the mode; its path.
    std::string file(const std::string& name, const std::string& text, mode_t mode) const;
    std::string directory(const std::string& name) const;

private:
    std::string path_;
};

/// A forked child that exits with the code, and the owner of its status.
pidfd_util::child exiting(int code);

/// Takes over the pidfd of a forked child.
pidfd_util::child owner_of(int fd);

/// Whether the kernel keeps the status of reaped processes: Linux 6.15.
bool keeps_exits();

/// How the process ended. The kernel keeps the status from a moment after poll reports the end.
/// Empty if the process does not end, or no status is kept.
std::optional<pidfd_util::exit_status> status_after_end(pidfd_util::pidfd_view fd);

/// Sets a variable of the environment for its scope; null removes it.
class variable {
public:
    variable(const char* name, const char* value);
    ~variable();
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

private:
    std::string name_;
    std::optional<std::string> old_;
};

} // namespace support

#endif
