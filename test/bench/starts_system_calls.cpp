// SPDX-License-Identifier: MIT
// Starts programs by the functions of the C library: posix_spawn, vfork and fork.
#include "starts.hpp"

#include <cerrno>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace bench {

namespace {

// Each returns the pid, or -1 with errno.

pid_t by_posix_spawn() {
    pid_t pid = -1;
    errno = posix_spawn(&pid, program, nullptr, nullptr, arguments, ::environ);
    return errno == 0 ? pid : -1;
}

template <pid_t (*Fork)()>
pid_t by() {
    const pid_t pid = Fork();
    if (pid == 0) {
        execv(program, arguments);
        _exit(127);
    }
    return pid;
}

/// Waits for this child, or for any child if `pid` is -1.
std::string reap(pid_t pid) {
    int status = 0;
    if (waitpid(pid, &status, 0) < 0)
        return std::generic_category().message(errno);
    return status == 0 ? std::string() : "the program failed";
}

template <pid_t (*Start)()>
std::string one() {
    const pid_t pid = Start();
    return pid < 0 ? std::generic_category().message(errno) : reap(pid);
}

template <pid_t (*Start)()>
std::string many(int count) {
    std::string failure;
    int running = 0;
    while (failure.empty() && (count > 0 || running > 0)) {
        if (count > 0 && running < most_in_flight) {
            if (Start() < 0)
                return std::generic_category().message(errno);
            --count;
            ++running;
        } else {
            failure = reap(-1);
            --running;
        }
    }
    return failure;
}

} // namespace

void add_system_calls(all_ways& to) {
    to.one.push_back({"posix_spawn", leftover::nothing, time_one<one<by_posix_spawn>>});
    to.one.push_back({"vfork, execv", leftover::nothing, time_one<one<by<vfork>>>});
    to.one.push_back({"fork, execv", leftover::shared_pages, time_one<one<by<fork>>>});
    to.many.push_back(
        {"posix_spawn, waitpid(-1)", leftover::nothing, time_many<many<by_posix_spawn>>});
    to.many.push_back({"vfork, waitpid(-1)", leftover::nothing, time_many<many<by<vfork>>>});
    to.many.push_back({"fork, waitpid(-1)", leftover::shared_pages, time_many<many<by<fork>>>});
}

} // namespace bench
