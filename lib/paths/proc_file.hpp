// SPDX-License-Identifier: MIT
// Reading the text of a file of /proc/PID.
#ifndef PIDFD_UTIL_LIB_PATHS_PROC_FILE_HPP
#define PIDFD_UTIL_LIB_PATHS_PROC_FILE_HPP

#include "procfs.hpp"

#include <cstddef>

namespace pidfd_util::proc_file {

/// Reads a file that the kernel writes whole at the first read, and that is never empty. The caller
/// settles the process. A text that is longer than the buffer is cut.
[[nodiscard]] int read_once(const procfs::process& process, const char* name, char* buffer,
                            std::size_t size, std::size_t& length) noexcept;

/// Reads any file until its end, or until the buffer is full: `complete` is false if the file goes on.
/// The caller settles the process.
[[nodiscard]] int read_all(const procfs::process& process, const char* name, char* buffer,
                           std::size_t size, std::size_t& length, bool& complete) noexcept;

/// Returns whether the process shows files, so that ENOENT of one of them says that this one is
/// missing.
[[nodiscard]] bool shows_files(const procfs::process& process) noexcept;

} // namespace pidfd_util::proc_file

#endif
