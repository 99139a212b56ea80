// SPDX-License-Identifier: MIT
// Everything that the library knows about a process, read once.
#ifndef PIDFD_INSPECT_FACTS_HPP
#define PIDFD_INSPECT_FACTS_HPP

#include <pidfd_util/pidfd_util.hpp>

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

/// The answer or the reason for its absence, and the path that answered.
template <class T>
struct answer {
    pidfd_util::expected<T> value;
    pidfd_util::answer_path path = pidfd_util::answer_path::none;
};

/// Identifies a namespace by its inode number.
struct namespace_id {
    std::uint64_t inode;
    std::optional<bool> own; // whether the caller is in it too; empty if not known
};

/// The path of a cgroup or a file.
struct path_name {
    std::string path;
    bool removed; // it was the path until the cgroup or the file was removed
};

struct facts {
    answer<std::string> comm;
    answer<std::string> command_line;            // the arguments, with a NUL after each
    answer<std::optional<path_name>> executable; // empty if the process executes no file
    answer<bool> alive;
    answer<pidfd_util::process_state> state;
    answer<pid_t> pid;
    answer<pid_t> tgid;
    answer<pid_t> ppid;
    answer<std::uint64_t> id;
    answer<pidfd_util::process_id> process_id;
    answer<pidfd_util::process_stamp> stamp;
    answer<pidfd_util::start_time> started;
    answer<pidfd_util::process_usage> usage;
    answer<pidfd_util::credentials> creds;
    answer<std::uint64_t> cgroupid;
    answer<path_name> cgroup;
    answer<namespace_id> namespaces[std::size(pidfd_util::all_namespace_types)]; // in its order
    bool refused = false; // permission for some answer was denied
};

/// Reads all facts about the process.
facts gather(pidfd_util::pidfd_view process);

#endif
