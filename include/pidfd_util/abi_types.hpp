// SPDX-License-Identifier: MIT
// The plain data types of the binary interface. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_TYPES_HPP
#define PIDFD_UTIL_ABI_TYPES_HPP

#include <pidfd_util/credentials.hpp>

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace pidfd_util::abi {

// Deadlines are nanoseconds of CLOCK_MONOTONIC.
inline constexpr std::int64_t never = INT64_MAX;
inline constexpr std::int64_t at_once = 0;

// Later versions add members only at the end of a record: see abi.hpp.

struct info_record {
    enum : std::uint32_t { has_ppid = 1, has_creds = 2, has_cgroupid = 4 };
    std::uint32_t filled;
    pid_t pid;
    pid_t tgid;
    pid_t ppid;
    credentials creds;
    std::uint64_t cgroupid;
};
// `credentials` is a record too, and may grow; but here other members follow it.
static_assert(sizeof(credentials) == 32, "info_record needs a type with the first eight ids");

struct coredump_record {
    enum : std::uint32_t { has_signal = 1, has_code = 2 };
    // PIDFD_COREDUMPED, PIDFD_COREDUMP_SKIP, PIDFD_COREDUMP_USER, PIDFD_COREDUMP_ROOT
    enum : std::uint32_t { dumped = 1, skipped = 2, as_user = 4, as_root = 8 };
    std::uint32_t filled;
    std::uint32_t flags;
    std::int32_t signal;
    std::int32_t code;
};

/// The peer of a socket.
struct peer_record {
    enum : std::uint32_t { has_groups = 1, has_label = 2 };
    std::uint32_t filled;
    std::int32_t fd; // a pidfd, which the caller must close
    std::int32_t pid;
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint32_t reserved;
    std::size_t group_count;
    std::size_t label_size;
};

/// A message that was received.
struct message_record {
    enum : std::uint32_t { has_creds = 1, truncated = 2, files_lost = 4 };
    std::uint32_t filled;
    std::int32_t sender;       // a pidfd, which the caller must close; -1: none
    std::int32_t sender_error; // the reason for which there is none
    std::int32_t pid;
    std::uint32_t uid;
    std::uint32_t gid;
    std::size_t size;
    std::size_t file_count;
};

} // namespace pidfd_util::abi

#endif
