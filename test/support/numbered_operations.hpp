// SPDX-License-Identifier: MIT
// The operations that open, kill or signal processes by their numbers, for the test that gives the number
// of their victim away.
#ifndef PIDFD_UTIL_TEST_NUMBERED_OPERATIONS_HPP
#define PIDFD_UTIL_TEST_NUMBERED_OPERATIONS_HPP

#include "error_of.hpp"
#include "operations.hpp"
#include "reused_number.hpp"

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/kill_tree.hpp>
#include <pidfd_util/orphans.hpp>
#include <pidfd_util/peer.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace support::numbered {

using namespace pidfd_util;

/// What the calling process prepares, and what the operation makes.
struct props {
    pidfd parent; // of the victim
    child owned;  // the victim
    process_id id{};
    process_stamp stamp{};
    unique_fd socket; // connected to the victim
    cgroup_view group;
    pidfd found[16];

    template <class T>
    int keep(expected<T> opened) {
        const int error = error_of(opened);
        if (opened)
            found[0] = pidfd(std::move(*opened));
        return error;
    }
};

enum class victim_of { caller, child_of_caller };

/// What the operation may open once the heir has the number.
enum class heirs_handle {
    wrong,
    right,           // the operation is about a number, or about every process
    if_stamps_agree, // both started in one clock tick
};

struct operation {
    const char* name;
    victim_of parent;
    int (*call)(props&);
    heirs_handle heir = heirs_handle::wrong;
    bool opens = true;     // the victim
    bool may_miss = false; // reports that there is no such process: ESRCH
    int may_fail = 0;      // another errno that it may return once the victim has ended
};

inline int error_of_verified(props& p) {
    return p.keep(pidfd::open_verified(reused_number, [](pidfd_view process) {
        return process.access_proc(
            [](int dir) { return read_file_at(dir, "comm") == "the victim\n"; });
    }));
}

/// A process of the caller's tree is stopped and continued, or killed, within this time.
inline constexpr auto long_enough = std::chrono::seconds(60);

inline constexpr operation operations[] = {
    {"from_pid", victim_of::child_of_caller,
     [](props& p) { return p.keep(pidfd::from_pid(reused_number)); }, heirs_handle::right, true,
     true},
    {"open_verified", victim_of::child_of_caller, error_of_verified, heirs_handle::wrong, true,
     true},
    {"from_id with a hint", victim_of::child_of_caller,
     [](props& p) {
         return p.id.inode == 0 ? EOPNOTSUPP : p.keep(pidfd::from_id(p.id, reused_number));
     },
     heirs_handle::wrong, true, true},
    {"from_stamp", victim_of::child_of_caller,
     [](props& p) { return p.keep(pidfd::from_stamp(p.stamp)); }, heirs_handle::if_stamps_agree,
     true, true},
    {"unverified_peer_pidfd", victim_of::child_of_caller,
     [](props& p) { return p.keep(unverified_peer_pidfd(p.socket.get())); }, heirs_handle::right,
     true, true},
    {"peer_pidfd", victim_of::child_of_caller,
     [](props& p) { return p.keep(peer_pidfd(p.socket.get())); }, heirs_handle::wrong, true, true},
    {"get_peer", victim_of::child_of_caller,
     [](props& p) {
         auto found = get_peer(p.socket.get());
         const int error = error_of(found);
         if (found)
             p.found[0] = std::move(found->process);
         return error;
     },
     heirs_handle::wrong, true, true},
    {"children of another process", victim_of::child_of_caller,
     [](props& p) { return error_of(children(p.parent, p.found)); }},
    {"children of the caller", victim_of::caller,
     [](props& p) { return error_of(children(p.parent, p.found)); }},
    {"processes", victim_of::child_of_caller, [](props& p) { return error_of(processes(p.found)); },
     heirs_handle::right},
    {"members of a cgroup", victim_of::child_of_caller,
     [](props& p) { return p.group ? error_of(p.group.members(p.found)) : EOPNOTSUPP; }},
    {"kill of a cgroup", victim_of::child_of_caller,
     [](props& p) { return p.group ? error_of(p.group.kill()) : EOPNOTSUPP; }, heirs_handle::wrong,
     false},
    {"kill_tree", victim_of::child_of_caller,
     [](props& p) { return error_of(kill_tree(p.parent, p.found, long_enough)); },
     heirs_handle::wrong, false},
    {"kill_descendants", victim_of::caller,
     [](props&) { return error_of(kill_descendants(long_enough)); }, heirs_handle::wrong, false},
    {"kill_descendants but for one", victim_of::caller,
     [](props& p) { return error_of(kill_descendants({pidfd_view(p.owned)}, long_enough)); },
     heirs_handle::wrong, false},
    {"reap_orphans", victim_of::caller, [](props&) { return error_of(reap_orphans()); },
     heirs_handle::wrong, false},
    {"a signal to the group of a child", victim_of::caller,
     [](props& p) {
         return error_of(pidfd_view(p.owned).send_signal(SIGUSR1, signal_scope::process_group));
     },
     heirs_handle::wrong, false, true, EOPNOTSUPP},
    {"stop of the group of a child", victim_of::caller,
     [](props& p) {
         const stop_step steps[] = {{SIGKILL, long_enough, signal_scope::process_group}};
         return error_of(p.owned.stop(steps));
     },
     heirs_handle::wrong, false, true, EOPNOTSUPP},
};

} // namespace support::numbered

#endif
