// SPDX-License-Identifier: MIT
// The file descriptors of a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_FDS_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_FDS_HPP

#include "path_fds.hpp"

#include <pidfd_util/spawn_options.hpp>

namespace pidfd_util {

/// The mappings, and memory for as many numbers, twice.
struct mapped_fds {
    array_view<fd_mapping> list;
    const int* targets; // sorted
    int* sources;       // for `map_child_fds`
};

/// Called in the parent: fills `targets`. False if a target is negative, or has two sources.
[[nodiscard, gnu::cold]] bool sort_targets(array_view<fd_mapping> fds, int* targets) noexcept;

// These are called in the child.

/// Makes the mappings. `parent` and `program` are file descriptors that the child still needs, or
/// -1: a pidfd that the library has opened, and the program. They get other numbers if mappings
/// take theirs; `program` gets the number that it is mapped to.
[[nodiscard, gnu::cold]] int map_child_fds(const mapped_fds& map, int& parent,
                                           int& program) noexcept;

/// Marks the file descriptor as close-on-exec, unless it is 0, 1, 2 or the target of a mapping.
[[nodiscard, gnu::cold]] int close_on_exec(const mapped_fds& map, int fd) noexcept;

/// Closes everything except 0, 1, 2 and the targets of the mappings. Those of `until_exec` stay
/// open until the program runs, as the path to it leads through them.
[[nodiscard, gnu::cold]] int close_child_fds(const mapped_fds& map,
                                             const path_fds& until_exec) noexcept;

} // namespace pidfd_util

#endif
