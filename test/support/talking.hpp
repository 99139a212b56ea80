// SPDX-License-Identifier: MIT
// A child that reports on its standard output and waits for bytes on its standard input.
#ifndef PIDFD_UTIL_TEST_TALKING_HPP
#define PIDFD_UTIL_TEST_TALKING_HPP

#include <pidfd_util/spawn.hpp>

#include <initializer_list>
#include <string>
#include <sys/types.h>

namespace support {

/// The child is killed and waited for at the end of its scope. The test case fails if the child
/// cannot be started; use `error` if its options may be refused.
class talking_child {
public:
    explicit talking_child(std::initializer_list<const char*> commands);
    talking_child(std::initializer_list<const char*> commands, pidfd_util::spawn_options options);
    talking_child(const talking_child&) = delete;
    talking_child& operator=(const talking_child&) = delete;
    ~talking_child();

    /// 0, or the errno of `spawn`, with the step.
    int error() const { return error_; }
    pidfd_util::spawn_step step() const { return step_; }

    pidfd_util::child& process() { return process_; }
    pidfd_util::pidfd_view fd() const { return pidfd_util::pidfd_view(process_); }
    pid_t pid() const { return pid_; }

    /// The next line of the output, without its end; empty at the end of the output.
    std::string line();
    /// The number after the word on the next line; -1 if that line begins with another word.
    int number(const std::string& word);
    /// Lets a "read" return.
    void go() const;
    /// Waits until the first thread has ended while others live.
    void wait_for_end_of_first_thread() const;

private:
    pidfd_util::child process_;
    pidfd_util::unique_fd input_;
    pidfd_util::unique_fd output_;
    pidfd_util::spawn_step step_{};
    int error_ = 0;
    pid_t pid_ = -1;
};

} // namespace support

#endif
