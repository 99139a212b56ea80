// SPDX-License-Identifier: MIT
// A process that asks for its parent, the ways in which a parent ends, and who adopts the orphan.
#ifndef PIDFD_UTIL_TEST_ORPHAN_HPP
#define PIDFD_UTIL_TEST_ORPHAN_HPP

#include "answers.hpp"
#include "opened.hpp"
#include "processes.hpp"

#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace support {

/// A process that asks for its parent when it is allowed to, and reports the answer.
class inquirer {
public:
    inquirer() {
        if (pipe(born_) != 0 || pipe(go_) != 0 || pipe(report_) != 0)
            _exit(1);
    }

    /// For the parent: makes the process.
    void be_born() {
        if (fork() != 0)
            return;
        close(go_[1]); // so that it ends with the test
        char byte = 'b';
        (void)!write(born_[1], &byte, 1);
        if (read(go_[0], &byte, 1) == 1)
            tell(look_at(pidfd_util::pidfd::from_parent()));
        _exit(0);
    }
    void tell(const opened& answer) { (void)!write(report_[1], &answer, sizeof answer); }

    void wait_for_birth() {
        char byte = 0;
        (void)!read(born_[0], &byte, 1);
    }
    opened ask() {
        (void)!write(go_[1], "g", 1);
        return answer();
    }
    opened answer() {
        opened got{};
        got.error = -1;
        (void)!read(report_[0], &got, sizeof got);
        return got;
    }

private:
    int born_[2] = {-1, -1};
    int go_[2] = {-1, -1};
    int report_[2] = {-1, -1};
};

/// An isolated function's process adopts orphans as a subreaper, or as the first process of a pid
/// namespace.
inline std::vector<surroundings> adopting() {
    return {surroundings{}, in_pid_namespace("fresh")};
}
/// Called by the function.
inline bool adopt_orphans() {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

/// What has become of the parent.
enum class fate { zombie, reaped, reused };
inline constexpr fate fates[] = {fate::zombie, fate::reaped, fate::reused};

/// Ends the parent. False if its pid cannot be given to another process.
inline bool end(test_child& parent, fate f) {
    kill_made(parent.pid());
    parent.wait_for_end();
    if (f == fate::zombie)
        return true;
    parent.reap();
    if (f == fate::reaped)
        return true;
    const pid_t heir = fork_with_pid(parent.pid());
    if (heir == 0)
        live_on();
    return heir == parent.pid();
}

/// Ends the new owner of the parent's pid, so that the pid can be used again.
inline void clear(const test_child& parent, fate f) {
    if (f != fate::reused)
        return;
    kill_made(parent.pid());
    waitpid(parent.pid(), nullptr, 0);
}

} // namespace support

#endif
