// SPDX-License-Identifier: MIT
// The binary interface of kill_tree.hpp. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_KILL_TREE_HPP
#define PIDFD_UTIL_ABI_KILL_TREE_HPP

#include <pidfd_util/export.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

/// Stops the process and its descendants, and kills them. Stores the pidfds of the descendants by
/// `store`, as the functions of abi_enumeration.hpp do, if it succeeds.
[[nodiscard]] PIDFD_UTIL_EXPORT int kill_tree(int fd, std::size_t& killed, std::int64_t deadline,
                                              void* where, void (*store)(void*, std::size_t, int),
                                              std::size_t capacity) noexcept;

} // namespace pidfd_util::abi

#endif
