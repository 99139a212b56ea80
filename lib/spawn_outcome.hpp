// SPDX-License-Identifier: MIT
// What became of a spawned child: whether it runs its program, and if not, why.
#ifndef PIDFD_UTIL_LIB_SPAWN_OUTCOME_HPP
#define PIDFD_UTIL_LIB_SPAWN_OUTCOME_HPP

#include "spawn_child.hpp"

#include <sys/types.h>

namespace pidfd_util {

/// Memory that is common to the parent and a child that has a copy of everything else. A child that
/// another thread forks meanwhile has it too, and can write to it: so it says nothing but why the
/// child failed, and is believed only where the kernel says that it failed.
class shared_outcome {
public:
    shared_outcome() noexcept = default;
    ~shared_outcome();
    shared_outcome(const shared_outcome&) = delete;
    shared_outcome& operator=(const shared_outcome&) = delete;

    /// 0, or an errno.
    int make() noexcept;
    spawn_outcome* get() const noexcept { return outcome_; }

private:
    spawn_outcome* outcome_ = nullptr;
};

struct made_child {
    pid_t pid;
    int pidfd;
    bool reaps_itself;
    bool shares_memory; // so that nobody else can have written its outcome
};

/// Reaps the child if it did not run its program, and returns why: the errno 0 means that it did.
/// To be asked once clone has returned.
spawn_outcome settle_outcome(const made_child& child, const spawn_outcome& written) noexcept;

/// Ends a child of a kernel that makes no pidfds.
void kill_and_reap(pid_t pid) noexcept;

} // namespace pidfd_util

#endif
