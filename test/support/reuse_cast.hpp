// SPDX-License-Identifier: MIT
// Who plays in the torture of pid reuse: the victim, its heirs, and what is asked of them.
#ifndef PIDFD_UTIL_TEST_REUSE_CAST_HPP
#define PIDFD_UTIL_TEST_REUSE_CAST_HPP

#include "cgroups.hpp"
#include "fault_operations.hpp"
#include "processes.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <optional>
#include <sys/types.h>

namespace support {

struct reuse_operation {
    const char* name;
    /// What it makes is looked at by its inode number afterwards.
    void (*ask)(pidfd_util::pidfd_view, told&, pidfd_util::unique_fd& made);
    bool distinct = true;    // its answers about victim and heir differ
    bool before_5_8 = false; // where setns takes no pidfd
    void (*look)(told&) = nullptr;
    bool of_child = false; // it is asked about a child of the victim
};

extern const reuse_operation reuse_operations[];
extern const std::size_t reuse_operation_count;

/// What an heir has of the victim, where the caller's pid namespace lies within another one.
enum class heir_kind {
    same_numbers,      // in both
    same_inner_number, // in the caller's only
    same_outer_number, // in the outer one only
};

/// The victim and its heirs: they differ in the parent, the user, the cgroup, the name and the
/// namespaces. For the first process of a pid namespace, as root.
class reuse_cast {
public:
    reuse_cast() = default;
    reuse_cast(const reuse_cast&) = delete;
    reuse_cast& operator=(const reuse_cast&) = delete;

    /// False, and the reason, where they cannot be.
    bool ready(char* missing, std::size_t size);

    pid_t pid() const;
    bool enter_victim(bool with_child);
    int victim_fd() const { return victim_.get(); }
    /// Of the victim's child, which becomes the caller's when the victim ends.
    int child_fd() const { return child_.get(); }
    void kill_victim();
    void reap_victim();
    /// False if the number was taken by a stranger.
    bool enter_heir(heir_kind kind);
    /// Ends them all.
    void clear();

private:
    bool make_home();
    bool make_parent();
    void live_as_victim(bool with_child) const;

    pid_t home_ = 0; // a process that keeps the victim's namespaces
    pidfd_util::unique_fd home_fd_;
    pidfd_util::unique_fd home_user_;
    std::optional<cgroup> cgroup_; // the victim's
    pidfd_util::unique_fd cgroup_fd_;
    pidfd_util::unique_fd prepared_[2]; // a pipe: the victim is
    pidfd_util::unique_fd orders_;      // to the heirs' parent
    pidfd_util::unique_fd reports_;
    pidfd_util::unique_fd victim_;
    pidfd_util::unique_fd child_;
    pid_t child_pid_ = 0;
    pid_t outer_ = 0; // the victim's number in the outer namespace
    enum class state { none, alive, dead, reaped } victim_state_ = state::none;
    bool heir_ = false;
};

} // namespace support

#endif
