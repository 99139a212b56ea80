// SPDX-License-Identifier: MIT
// The part of the binary interface that facts.hpp uses. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_FACTS_HPP
#define PIDFD_UTIL_ABI_FACTS_HPP

#include <pidfd_util/export.hpp>
#include <pidfd_util/memory_advice.hpp>
#include <pidfd_util/process_state.hpp>

#include <cstddef>
#include <cstdint>

struct iovec;

namespace pidfd_util::abi {

struct process_usage_record {
    enum : std::uint32_t { has_memory = 1 };
    std::uint32_t filled;
    std::uint32_t threads;
    std::int64_t user_time; // times in nanoseconds
    std::int64_t system_time;
    std::uint64_t minor_faults;
    std::uint64_t major_faults;
    std::uint64_t resident; // sizes in bytes
    std::uint64_t peak_resident;
    std::uint64_t virtual_size;
};

/// Reads the file /proc/PID/NAME until its end, or until the buffer is full: then `complete` is
/// false if the file goes on.
[[nodiscard]] PIDFD_UTIL_EXPORT int read_proc(int fd, std::size_t& length, bool& complete,
                                              const char* name, char* buffer,
                                              std::size_t size) noexcept;
// These read /proc/PID/cmdline and /proc/PID/environ in the same way.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_command_line(int fd, std::size_t& length, bool& complete,
                                                     char* buffer, std::size_t size) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_environment(int fd, std::size_t& length, bool& complete,
                                                    char* buffer, std::size_t size) noexcept;
// These open with O_PATH.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_executable(int fd, int& file) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_directory(int fd, int& dir) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_root(int fd, int& dir) noexcept;

// These fail with ERANGE if the buffer is too small.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_comm(int fd, std::size_t& length, char* buffer,
                                             std::size_t size) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_cgroup_path(int fd, std::size_t& length, bool& removed,
                                                    char* buffer, std::size_t size) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int get_state(int fd, process_state& state) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_usage(int fd, process_usage_record& usage,
                                              std::size_t size) noexcept;
/// Stores UINT64_MAX for RLIM_INFINITY.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_limit(int fd, std::uint64_t& soft, std::uint64_t& hard,
                                              int resource) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_oom_score_adj(int fd, int& adjustment) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int set_oom_score_adj(int fd, int adjustment) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int release_memory(int fd) noexcept;
/// Stores the number of bytes that the advice was given about.
[[nodiscard]] PIDFD_UTIL_EXPORT int advise(int fd, std::size_t& advised, const iovec* ranges,
                                           std::size_t count, memory_advice advice) noexcept;

} // namespace pidfd_util::abi

#endif
