// SPDX-License-Identifier: MIT
// Finding out whether a spawned child runs its program, and if not, why.
#ifndef PIDFD_UTIL_LIB_SPAWN_SPAWN_OUTCOME_HPP
#define PIDFD_UTIL_LIB_SPAWN_SPAWN_OUTCOME_HPP

#include "spawn_plan.hpp"

#include <sys/types.h>

namespace pidfd_util {

/// Memory that the parent shares with a child which has a copy of everything else. A child that
/// another thread forks meanwhile shares it too, and can write to it. The memory therefore shows
/// only why the child failed, and counts only if the kernel reports that the child failed.
class shared_outcome {
public:
    shared_outcome() noexcept = default;
    ~shared_outcome();
    shared_outcome(const shared_outcome&) = delete;
    shared_outcome& operator=(const shared_outcome&) = delete;

    [[nodiscard]] int make() noexcept;
    [[nodiscard]] spawn_outcome* get() const noexcept { return outcome_; }

private:
    spawn_outcome* outcome_ = nullptr;
};

struct made_child {
    pid_t pid;
    int pidfd;
    bool shares_memory; // so that only the child can have written its outcome
};

/// Reaps the child if it did not run its program, and returns why; the errno is 0 if it did. Call
/// it when clone has returned.
[[nodiscard]] spawn_outcome settle_outcome(const made_child& child,
                                           const spawn_outcome& written) noexcept;

/// Kills a child on a kernel that made no pidfd for it.
void kill_and_reap(pid_t pid) noexcept;

} // namespace pidfd_util

#endif
