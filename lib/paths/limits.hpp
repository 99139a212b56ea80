// SPDX-License-Identifier: MIT
// The lines of /proc/PID/limits.
#ifndef PIDFD_UTIL_LIB_PATHS_LIMITS_HPP
#define PIDFD_UTIL_LIB_PATHS_LIMITS_HPP

#include "procfs.hpp"

#include <cstdint>
#include <string_view>

namespace pidfd_util::limits {

inline constexpr std::uint64_t unlimited = UINT64_MAX;

/// Returns the words with which the line of a resource begins; empty for a resource that the kernel
/// does not have. `resource` is one of RLIMIT_*.
[[nodiscard]] std::string_view name_of(int resource) noexcept;

/// Parses what follows the name. Returns false if the line is malformed.
[[nodiscard]] bool parse(std::string_view values, std::uint64_t& soft,
                         std::uint64_t& hard) noexcept;

/// Reads the limits on one resource. The caller settles the process. EINVAL: there is no such
/// resource.
[[nodiscard]] int read(const procfs::process& process, int resource, std::uint64_t& soft,
                       std::uint64_t& hard) noexcept;

} // namespace pidfd_util::limits

#endif
