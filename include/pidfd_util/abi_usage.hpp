// SPDX-License-Identifier: MIT
// The binary interface of waits that return what a child has used. The rules of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_USAGE_HPP
#define PIDFD_UTIL_ABI_USAGE_HPP

#include <pidfd_util/export.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

/// Times are nanoseconds, sizes are bytes.
struct child_usage_record {
    enum : std::uint64_t { has_usage = 1 };
    std::uint64_t filled;
    std::int64_t user_time;
    std::int64_t system_time;
    std::uint64_t peak_resident;
    std::uint64_t minor_faults;
    std::uint64_t major_faults;
    std::uint64_t blocks_read;
    std::uint64_t blocks_written;
    std::uint64_t voluntary_switches;
    std::uint64_t involuntary_switches;
};

/// Waits as `wait_as_owner` does. The usage is filled if this call has reaped the child: the kernel
/// does not keep the usage of a child that was reaped elsewhere.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_as_owner_with_usage(int fd, std::int64_t deadline,
                                                             bool& ended, int& status,
                                                             child_usage_record& usage,
                                                             std::size_t size) noexcept;

} // namespace pidfd_util::abi

#endif
