// SPDX-License-Identifier: MIT
// The reasons why there is no answer, and the exit statuses that they lead to.
#ifndef PIDFD_INSPECT_ERRORS_HPP
#define PIDFD_INSPECT_ERRORS_HPP

#include <string>
#include <system_error>

/// The exit statuses. They are ordered: with several processes, the highest one wins.
enum status { shown = 0, failed = 1, bad_usage = 2, gone = 3, refused = 4, unsupported = 5 };

/// Returns whether the error means that the kernel, /proc or a sandbox denied permission.
bool is_refusal(const std::error_code& error);

/// Returns the exit status for a value that is missing for this reason.
status status_of(const std::error_code& error);

/// Returns a name that does not depend on the language: that of the library's condition, such as
/// "unsupported", otherwise that of the errno, such as "EACCES". "other" if it has none of them.
const char* error_name(const std::error_code& error);

struct complaint {
    status leads_to;
    std::string text;
};

/// Prints the complaint on one line of standard error. Returns the status that it leads to.
status complain(const complaint& about);

#endif
