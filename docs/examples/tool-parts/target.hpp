// SPDX-License-Identifier: MIT
// The processes that a command line names.
#ifndef TOOL_PARTS_TARGET_HPP
#define TOOL_PARTS_TARGET_HPP

#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/process_reference.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

/// The name of a process: its pid, its id, both as util-linux writes them, or its stamp.
using process_name = std::variant<pid_t, pidfd_util::process_id, pidfd_util::process_reference,
                                  pidfd_util::process_stamp>;

/// Parses a pid: digits only, above 0. Empty if the text is no pid.
std::optional<pid_t> parse_pid(std::string_view text);

/// Parses PID, INODE@BOOT, PID:INODE or PID:START:NAMESPACE@BOOT. Empty if the text has none of these
/// forms.
std::optional<process_name> parse_process_name(std::string_view text);

/// Opens the process with this name. A pid is that of the process that has it now.
pidfd_util::expected<pidfd_util::pidfd> open_process(const process_name& name);

/// Returns why a process could not be opened, as words that can follow its name and a colon.
std::string why_not_opened(const std::error_code& error);

/// Raises the limit on open files as far as the caller may, so that many processes can be open.
void allow_many_files();

#endif
