// SPDX-License-Identifier: MIT
// Everything that the library can say of a process, asked once.
#ifndef PIDFD_INSPECT_FACTS_HPP
#define PIDFD_INSPECT_FACTS_HPP

#include <pidfd_util/pidfd_util.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What was answered, or why not; and the path that answered.
template <class T>
struct answer {
    pidfd_util::expected<T> value;
    pidfd_util::answer_path path = pidfd_util::answer_path::none;
};

/// A namespace is known by its inode number.
struct namespace_id {
    std::uint64_t inode;
    std::optional<bool> own; // the caller's too; empty if that could not be found out
};

struct namespace_fact {
    const char* name;
    answer<namespace_id> id;
};

struct facts {
    answer<std::string> comm;
    answer<std::string> command_line; // the arguments, with a NUL after each
    answer<bool> alive;
    answer<pid_t> pid;
    answer<pid_t> tgid;
    answer<pid_t> ppid;
    answer<std::uint64_t> id;
    answer<pidfd_util::credentials> creds;
    answer<std::uint64_t> cgroupid;
    std::vector<namespace_fact> namespaces;
    bool refused = false; // something was not told for want of a permission
};

facts gather(pidfd_util::pidfd_view process);

/// Whether the error means that a permission is missing: the process's, /proc's or the sandbox's.
bool is_refusal(const std::error_code& error);

#endif
