// SPDX-License-Identifier: MIT
// Signals a container by what a state file says about it, as crun does by hand in linux.c and status.c
// (commit ba38286): the pid and the start time in ticks, which are compared with /proc/PID/stat.
//
// The traps that this avoids: a pid that is reused within the same tick (10 ms); a state file of an
// earlier boot, whose ticks say nothing now; and the /proc of another pid namespace.
#ifndef ADOPTED_SIGNAL_CONTAINER_HPP
#define ADOPTED_SIGNAL_CONTAINER_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/pidfd.hpp>

#include <charconv>
#include <string>
#include <string_view>

namespace adopted {

/// Returns the text for the state file: the name of the process and its pid, "INODE@BOOT PID". The pid
/// only helps kernels before Linux 6.14, and is never trusted.
inline pidfd_util::expected<std::string>
describe_container(const pidfd_util::pidfd_operations& init) {
    const auto id = init.get_process_id();
    if (!id)
        return pidfd_util::unexpected(id.error());
    const auto pid = init.get_pid();
    if (!pid)
        return pidfd_util::unexpected(pid.error());
    return std::string(to_text(*id)) + ' ' + std::to_string(*pid);
}

/// Signals the process that the text describes. Fails with `not_found` if the container has ended, reaped
/// or not, and with `foreign_boot` if the text is of another boot.
inline pidfd_util::expected<void> signal_container(std::string_view text, int signal) {
    const auto blank = text.find(' ');
    const auto id = pidfd_util::parse_process_id(text.substr(0, blank));
    const char* const end = text.data() + text.size();
    pid_t pid = 0;
    if (!id || blank == text.npos ||
        std::from_chars(text.data() + blank + 1, end, pid).ptr != end || pid <= 0)
        return pidfd_util::unexpected(std::make_error_code(std::errc::invalid_argument));
    const auto init = pidfd_util::pidfd::from_id(*id, pid);
    if (!init)
        return pidfd_util::unexpected(init.error());
    if (init->is_alive() == false)
        return pidfd_util::unexpected(std::make_error_code(std::errc::no_such_process));
    return init->send_signal(signal);
}

} // namespace adopted

#endif
