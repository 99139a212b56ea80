// SPDX-License-Identifier: MIT
// The binary interface of enumeration.hpp. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_ENUMERATION_HPP
#define PIDFD_UTIL_ABI_ENUMERATION_HPP

#include <pidfd_util/export.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

// `store(where, i, fd)` takes over the pidfd with index `i`, which is below `capacity`. After an
// errno, the caller closes what was stored.

/// Opens the processes of the caller's pid namespace that /proc lists behind a position, and stores
/// the position behind the last one. The first position is 0. `complete` is false if there was a
/// process more.
[[nodiscard]] PIDFD_UTIL_EXPORT int list_processes(std::int64_t& position, bool& complete,
                                                   void* where,
                                                   void (*store)(void*, std::size_t, int),
                                                   std::size_t capacity) noexcept;

/// Opens the children of the process.
[[nodiscard]] PIDFD_UTIL_EXPORT int list_children(int fd, bool& complete, void* where,
                                                  void (*store)(void*, std::size_t, int),
                                                  std::size_t capacity) noexcept;

} // namespace pidfd_util::abi

#endif
