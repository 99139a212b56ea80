// SPDX-License-Identifier: MIT
// A tool that runs while a pid gets a new owner. It is for isolated children, where Catch's macros must
// not be used.
#ifndef PIDFD_UTIL_TEST_REUSED_PID_HPP
#define PIDFD_UTIL_TEST_REUSED_PID_HPP

#include "opened_pidfds.hpp"

#include "support/isolated.hpp"
#include "support/newcomer.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace run_tool {

/// Here no unrelated process takes a pid.
inline support::surroundings own_pid_namespace() {
    support::surroundings s;
    s.user_namespace = geteuid() != 0;
    s.pid_namespace = true;
    s.proc = "fresh";
    return s;
}

struct reuse_facts {
    bool opened; // whether the tool, or the kernel, has opened the first owner
    bool reused;
    int status; // of the tool
    int status_of_second;
    bool heir_lives;
};

/// A tool. Its output is dropped.
class tool_inside {
public:
    /// Returns once the tool runs: a child that has not executed it yet would have the pidfds of the
    /// caller.
    tool_inside(const char* program, std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), program);
        arguments.push_back(nullptr);
        const pidfd_util::unique_fd nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
        const pidfd_util::fd_mapping fds[] = {{nowhere.get(), STDOUT_FILENO},
                                              {nowhere.get(), STDERR_FILENO}};
        pidfd_util::spawn_options options;
        options.fds = fds;
        if (auto started = pidfd_util::spawn(program, arguments.data(), options))
            process_ = std::move(*started);
    }
    tool_inside(const tool_inside&) = delete;
    tool_inside& operator=(const tool_inside&) = delete;
    ~tool_inside() { (void)process_.wait(); }

    pid_t pid() const { return process_.get_pid().value_or(-1); }

    /// Returns the exit code, or -1 if there is none.
    int finish() {
        const auto status = process_.wait();
        return status ? status->code().value_or(-1) : -1;
    }

private:
    pidfd_util::child process_;
};

} // namespace run_tool

#endif
