// SPDX-License-Identifier: MIT
// Maps the ids of a child in a new user namespace, and ends the child at its time limit, as nsjail does by
// hand in user.cc and subproc.cc (commit d6454b4).
//
// The traps that this avoids: maps that are written to the /proc/PID of another process, after the child
// has ended; a kill by number after the child was reaped; waitid(P_ALL), which takes the children of other
// libraries; and a limit that is only checked once a tick.
#ifndef ADOPTED_MAP_IDS_HPP
#define ADOPTED_MAP_IDS_HPP

#include <pidfd_util/child.hpp>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace adopted {

struct id_maps {
    std::string_view uids; // lines of user_namespaces(7): "INSIDE OUTSIDE COUNT"
    std::string_view gids;
    bool deny_setgroups = true; // which a caller without CAP_SETGID must
};

/// Writes the maps of the process, which waits for them in its new user namespace. Fails with `not_found`
/// if the process has ended. Nothing is ever written to another process.
inline pidfd_util::expected<void> map_ids(const pidfd_util::pidfd_operations& process,
                                          const id_maps& maps) {
    if (process.is_alive() == false) // a zombie still has the files
        return pidfd_util::unexpected(std::make_error_code(std::errc::no_such_process));
    return process.access_proc([&](int dir) -> pidfd_util::expected<void> {
        const auto write_to = [&](const char* name, std::string_view text) {
            const pidfd_util::unique_fd file(openat(dir, name, O_WRONLY | O_CLOEXEC));
            return file &&
                   write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
        };
        if ((!maps.deny_setgroups || write_to("setgroups", "deny")) &&
            write_to("uid_map", maps.uids) && write_to("gid_map", maps.gids))
            return {};
        return pidfd_util::unexpected(std::error_code(errno, std::system_category()));
    });
}

/// Waits for the child, and kills it at the limit, also if it is stopped. Reaps no other child.
inline pidfd_util::expected<pidfd_util::exit_status> wait_at_most(pidfd_util::child& process,
                                                                  std::chrono::nanoseconds limit) {
    const auto status = process.wait_for(limit);
    if (status || status.error() != std::errc::timed_out)
        return status;
    if (const auto killed = process.kill(); !killed)
        return pidfd_util::unexpected(killed.error());
    return process.wait();
}

} // namespace adopted

#endif
