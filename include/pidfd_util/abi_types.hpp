// SPDX-License-Identifier: MIT
// The plain data of the binary boundary. See abi.hpp.
#ifndef PIDFD_UTIL_ABI_TYPES_HPP
#define PIDFD_UTIL_ABI_TYPES_HPP

#include <pidfd_util/credentials.hpp>

#include <cstdint>
#include <sys/types.h>

namespace pidfd_util::abi {

// Deadlines are nanoseconds of CLOCK_MONOTONIC.
inline constexpr std::int64_t never = INT64_MAX;
inline constexpr std::int64_t at_once = 0;

// What later versions know is added at the end of a record: see abi.hpp.

struct info_record {
    enum : std::uint32_t { has_ppid = 1, has_creds = 2, has_cgroupid = 4 };
    std::uint32_t filled;
    pid_t pid;
    pid_t tgid;
    pid_t ppid;
    credentials creds;
    std::uint64_t cgroupid;
};
// `credentials` is a record of its own, which may grow, and other members follow it here.
static_assert(sizeof(credentials) == 32, "info_record needs a type with the first eight ids");

struct coredump_record {
    enum : std::uint32_t { has_signal = 1, has_code = 2 };
    std::uint32_t filled;
    std::uint32_t flags; // PIDFD_COREDUMP*
    std::int32_t signal;
    std::int32_t code;
};

} // namespace pidfd_util::abi

#endif
