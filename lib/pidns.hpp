// SPDX-License-Identifier: MIT
// From the pids that a /proc shows, which may belong to another pid namespace, to the caller's.
#ifndef PIDFD_UTIL_LIB_PIDNS_HPP
#define PIDFD_UTIL_LIB_PIDNS_HPP

#include "text.hpp"

#include <cstddef>

namespace pidfd_util::pidns {

/// How many pid namespaces lie from that of the /proc to the caller's, both counted: 1 where they
/// are the same. EOPNOTSUPP: the caller is not visible in this /proc.
int depth_of_caller(int root, std::size_t& depth) noexcept;

/// The pid, in the caller's namespace, of the process that this /proc shows as `shown`, with
/// `nspid` its pids inwards from there. EREMOTE: it has none there. The answer holds if the
/// process still has the number `shown` afterwards.
int translate(int root, pid_t shown, const text::pid_list& nspid, std::size_t depth,
              pid_t& pid) noexcept;

} // namespace pidfd_util::pidns

#endif
