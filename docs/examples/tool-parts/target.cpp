// SPDX-License-Identifier: MIT
#include "target.hpp"

#include "number.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <sys/resource.h>

using namespace pidfd_util;

namespace {

/// Opens a process by PID:INODE. The text has no boot id, so another process may have the inode
/// number: the pid is compared too.
expected<pidfd> open_reference(const process_reference& reference) {
    auto process = pidfd::from_inode(reference.id.inode, reference.pid);
    if (!process)
        return process;
    const auto pid = process->get_pid();
    if (!pid)
        return unexpected(pid.error());
    if (*pid != reference.pid)
        return unexpected(std::error_code(ESRCH, pidfd_category()));
    return process;
}

} // namespace

std::optional<pid_t> parse_pid(std::string_view text) {
    const auto pid = parse_number<pid_t>(text);
    return pid && *pid > 0 ? pid : std::nullopt;
}

std::optional<process_name> parse_process_name(std::string_view text) {
    if (const auto pid = parse_pid(text))
        return *pid;
    if (const auto id = parse_process_id(text))
        return *id;
    if (const auto reference = parse_util_linux_text(text, {}))
        return *reference;
    if (const auto stamp = parse_process_stamp(text))
        return *stamp;
    return std::nullopt;
}

expected<pidfd> open_process(const process_name& name) {
    if (const auto* const pid = std::get_if<pid_t>(&name))
        return pidfd::from_pid(*pid);
    if (const auto* const id = std::get_if<process_id>(&name))
        return pidfd::from_id(*id);
    if (const auto* const stamp = std::get_if<process_stamp>(&name))
        return pidfd::from_stamp(*stamp);
    return open_reference(*std::get_if<process_reference>(&name));
}

std::string why_not_opened(const std::error_code& error) {
    if (error == pidfd_errc::not_found)
        return "no such process";
    if (error == pidfd_errc::foreign_boot)
        return "the id is from another boot or machine";
    if (error == std::errc::no_such_file_or_directory)
        return "this is a thread of another process";
    return "cannot open the process: " + error.message();
}

void allow_many_files() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
