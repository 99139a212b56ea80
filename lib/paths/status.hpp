// SPDX-License-Identifier: MIT
// The text of /proc/PID/status.
#ifndef PIDFD_UTIL_LIB_PATHS_STATUS_HPP
#define PIDFD_UTIL_LIB_PATHS_STATUS_HPP

#include "../kernel/text.hpp"

#include <pidfd_util/credentials.hpp>

#include <string_view>

namespace pidfd_util::status {

/// The pids are in the pid namespace of the /proc that was read, the ids in the user namespace of
/// the process that opened the file.
struct record {
    pid_t tgid;
    pid_t ppid;   // 0: outside of that namespace, or there is no parent
    pid_t tracer; // the thread that traces it; 0: outside of that namespace, or there is none
    credentials creds;
    // From that namespace inwards; empty in kernels without pid namespaces.
    text::pid_list nstgid;
    text::pid_list nspid;
};

/// Parses one line after the other.
class parser {
public:
    /// Returns false if the line is malformed.
    [[nodiscard]] bool take(std::string_view line, record& result) noexcept;
    /// Returns whether it has seen every line that every kernel writes.
    [[nodiscard]] bool complete() const noexcept { return (seen_ & required) == required; }
    /// Returns whether no further line is needed.
    [[nodiscard]] bool finished() const noexcept { return complete() && (seen_ & nspid) != 0; }

private:
    enum : unsigned { tgid = 1, ppid = 2, uid = 4, gid = 8, nspid = 16 };
    static constexpr unsigned required = tgid | ppid | uid | gid;
    unsigned seen_ = 0;
};

/// Reads the open file. ESRCH: the process was reaped. EBADMSG: the text is malformed.
[[nodiscard]] int read(int fd, record& result) noexcept;

/// Reads the status of whichever process has this number in the /proc now; unverified.
[[nodiscard]] int read_unverified(int root, pid_t number, record& result) noexcept;

} // namespace pidfd_util::status

#endif
