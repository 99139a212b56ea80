// SPDX-License-Identifier: MIT
// The text of /proc/PID/status.
#ifndef PIDFD_UTIL_LIB_STATUS_HPP
#define PIDFD_UTIL_LIB_STATUS_HPP

#include "text.hpp"

#include <pidfd_util/credentials.hpp>

#include <string_view>

namespace pidfd_util::status {

/// Pids are in the pid namespace of the /proc that was read; ids in the user namespace of whoever
/// opened the file.
struct record {
    pid_t tgid;
    pid_t ppid; // 0: outside of that namespace, or none
    credentials creds;
    // From that namespace inwards; empty in kernels without pid namespaces.
    text::pid_list nstgid;
    text::pid_list nspid;
};

/// What has been read of a status so far.
class parser {
public:
    /// False where a line cannot be understood.
    bool take(std::string_view line, record& result) noexcept;
    /// Whether every line was there that every kernel writes.
    bool complete() const noexcept { return (seen_ & required) == required; }
    /// Whether there is nothing more to come.
    bool finished() const noexcept { return complete() && (seen_ & nspid) != 0; }

private:
    enum : unsigned { tgid = 1, ppid = 2, uid = 4, gid = 8, nspid = 16 };
    static constexpr unsigned required = tgid | ppid | uid | gid;
    unsigned seen_ = 0;
};

/// Reads the open file. ESRCH: the process was reaped. EBADMSG: the text cannot be understood.
int read(int fd, record& result) noexcept;

} // namespace pidfd_util::status

#endif
