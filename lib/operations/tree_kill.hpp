// SPDX-License-Identifier: MIT
// Killing the processes of a tree, all of which have stopped, in an order in which none runs again.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_TREE_KILL_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_TREE_KILL_HPP

#include "tree_members.hpp"

#include <cstddef>

namespace pidfd_util::tree_kill {

/// Sends SIGKILL to all that have not ended. Checks the right to signal each of them first. After the
/// first SIGKILL, goes on after a failure, and returns it.
[[nodiscard]] int kill_all(tree_members& members, std::size_t& killed) noexcept;

} // namespace pidfd_util::tree_kill

#endif
