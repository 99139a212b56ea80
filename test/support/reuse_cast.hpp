// SPDX-License-Identifier: MIT
// The processes of the test of pid reuse: the victim, its child and its heirs.
#ifndef PIDFD_UTIL_TEST_REUSE_CAST_HPP
#define PIDFD_UTIL_TEST_REUSE_CAST_HPP

#include "cgroups.hpp"
#include "processes.hpp"

#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace support {

/// A hash of the name and the ids of a process, from the files of its directory of /proc. It is for
/// `scene::in_proc`. 0 where the files cannot be read.
std::uint64_t signature_in_proc(int dir);

/// The numbers that an heir takes over from the victim. The caller's pid namespace is inside
/// another one.
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

    /// False, and the reason, if they cannot be made.
    bool ready(char* missing, std::size_t size);

    pid_t pid() const;
    bool enter_victim(bool with_child);
    int victim_fd() const { return victim_.get(); }
    /// A pidfd of the victim's child, which becomes the caller's when the victim ends.
    int child_fd() const { return child_.get(); }
    void kill_victim();
    void reap_victim();
    /// False if an unrelated process has taken the number.
    bool enter_heir(heir_kind kind);
    /// Ends them all.
    void clear();

private:
    bool make_home();
    bool make_parent();
    void live_as_victim(bool with_child) const;

    pid_t home_ = 0; // a process that keeps the victim's namespaces alive
    pidfd_util::unique_fd home_fd_;
    pidfd_util::unique_fd home_user_;
    std::optional<test_cgroup> cgroup_; // the victim's
    pidfd_util::unique_fd cgroup_fd_;
    pidfd_util::unique_fd prepared_[2]; // a pipe, on which the victim reports
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
