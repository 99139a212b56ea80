// SPDX-License-Identifier: MIT
// Kills a whole cgroup, as oomd does by hand in BaseKillPlugin.cpp (commit 88c28fd): up to ten rounds of
// reading cgroup.procs, kill(pid), and a sleep, and then one more reading for process_mrelease(2).
//
// The traps that this avoids: a pid that is reused between the reading and the kill, a member that forks
// during a round, a cgroup that is made below during it, and a release of the memory of
// another process.
#ifndef ADOPTED_KILL_CGROUP_HPP
#define ADOPTED_KILL_CGROUP_HPP

#include <pidfd_util/cgroup.hpp>

#include <chrono>
#include <cstddef>
#include <dirent.h>
#include <fcntl.h>
#include <iterator>
#include <string_view>
#include <vector>

namespace adopted {

struct killed_cgroup {
    std::size_t opened;   // members that were open before the kill
    std::size_t released; // those of them whose memory is released
};

/// Opens the members of the cgroup and of those below it, as far as this is possible.
inline void open_members(pidfd_util::cgroup_view group, std::vector<pidfd_util::pidfd>& all) {
    std::vector<pidfd_util::pidfd> found(64);
    auto listed = group.members(found);
    while (listed && listed->count == found.size()) {
        found.resize(2 * found.size());
        listed = group.members(found);
    }
    for (std::size_t i = 0; listed && i < listed->count; ++i)
        all.push_back(std::move(found[i]));
    DIR* const dir = fdopendir(openat(group.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const dirent* entry = nullptr; dir != nullptr && (entry = readdir(dir)) != nullptr;)
        if (const std::string_view name = entry->d_name;
            entry->d_type == DT_DIR && name != "." && name != "..")
            if (const auto below = group.open_below(entry->d_name))
                open_members(*below, all);
    if (dir != nullptr)
        closedir(dir);
}

/// Kills every process in the cgroup and below it, releases their memory, and waits until all of them
/// have ended. The pidfds are opened before the kill, because cgroup.procs does not show a process that
/// has ended. The cgroup is killed even if a member cannot be opened.
inline pidfd_util::expected<killed_cgroup> kill_cgroup(pidfd_util::cgroup_view group,
                                                       std::chrono::nanoseconds patience) {
    std::vector<pidfd_util::pidfd> members;
    open_members(group, members);
    if (const auto killed = group.kill(); !killed)
        return pidfd_util::unexpected(killed.error());
    killed_cgroup result{members.size(), 0};
    // A member that has left the cgroup in time was not killed, and keeps its memory (EINVAL).
    for (const auto& member : members)
        result.released += member.release_memory() ? 1 : 0;
    if (const auto empty = group.wait_empty_for(patience); !empty)
        return pidfd_util::unexpected(empty.error());
    return result;
}

} // namespace adopted

#endif
