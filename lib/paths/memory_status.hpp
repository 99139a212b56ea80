// SPDX-License-Identifier: MIT
// The lines of /proc/PID/status about the memory of the process.
#ifndef PIDFD_UTIL_LIB_PATHS_MEMORY_STATUS_HPP
#define PIDFD_UTIL_LIB_PATHS_MEMORY_STATUS_HPP

#include "procfs.hpp"

#include <cstdint>
#include <string_view>

namespace pidfd_util::memory_status {

/// Sizes in bytes.
struct record {
    std::uint64_t virtual_size;
    std::uint64_t peak_resident;
    std::uint64_t resident;
};

/// Parses one line after the other.
class parser {
public:
    /// Returns false if the line is malformed.
    [[nodiscard]] bool take(std::string_view line, record& result) noexcept;
    /// Returns whether it has seen all lines.
    [[nodiscard]] bool complete() const noexcept { return seen_ == all; }
    /// Returns whether it has seen none: the process has no memory.
    [[nodiscard]] bool empty() const noexcept { return seen_ == 0; }

private:
    static constexpr unsigned all = 7;
    unsigned seen_ = 0;
};

/// Reads the file of the process, or of one of its threads. `found` is false if it has no memory. The
/// caller settles the process.
[[nodiscard]] int read(const procfs::process& process, record& result, bool& found) noexcept;
[[nodiscard]] int read_thread(const procfs::process& process, pid_t tid, record& result,
                              bool& found) noexcept;

} // namespace pidfd_util::memory_status

#endif
