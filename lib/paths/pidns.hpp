// SPDX-License-Identifier: MIT
// Translating the pids that a /proc shows, which may belong to another pid namespace, to the
// caller's.
#ifndef PIDFD_UTIL_LIB_PATHS_PIDNS_HPP
#define PIDFD_UTIL_LIB_PATHS_PIDNS_HPP

#include "../kernel/text.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <sys/types.h>

namespace pidfd_util::pidns {

/// Counts the pid namespaces from that of the /proc to the caller's, both included: 1 if they are
/// the same. EOPNOTSUPP: the caller is not visible in this /proc.
[[nodiscard]] int depth_of_caller(int root, std::size_t& depth) noexcept;

/// The same, and the number that this /proc shows for the caller's process.
[[nodiscard]] int find_caller(int root, std::size_t& depth, pid_t& tgid) noexcept;

/// Finds the pid, in the caller's namespace, of the process that this /proc shows as `shown`;
/// `nspid` are its pids from there inwards. EREMOTE: it has none. The answer holds if the process
/// still has the number `shown` afterwards. If `depth` is not 1, the process had to be opened: `opened`
/// takes its pidfd, unless it is null.
[[nodiscard]] int translate(int root, pid_t shown, const text::pid_list& nspid, std::size_t depth,
                            pid_t& pid, unique_fd* opened = nullptr) noexcept;

} // namespace pidfd_util::pidns

#endif
