// SPDX-License-Identifier: MIT
// The forms of the output: a table for people, lines for scripts, or one line of JSON for programs.
#ifndef PIDFD_INSPECT_RENDER_HPP
#define PIDFD_INSPECT_RENDER_HPP

#include "facts.hpp"
#include "fields.hpp"

#include <string>

/// Returns a table of all fields of a process.
std::string facts_as_table(const facts& f, bool colour);

/// Returns the values of these fields of a process on one line, with tabs between them.
std::string facts_as_line(const facts& f, const field_list& fields);

/// Returns these fields of a process as a JSON object; all fields if there are none. `process` is what
/// the caller named.
std::string facts_as_json(const std::string& process, const facts& f, const field_list& fields);

/// Returns the JSON object that stands in the place of a process that cannot be shown.
std::string failure_as_json(const std::string& process, const std::error_code& error);

/// Return the features of this kernel and sandbox, and the path that answers each operation.
std::string features_as_table(bool colour);
std::string features_as_json();

/// Returns a table of the fields' names.
std::string list_of_fields(bool colour);

/// Returns the name, release and machine of the kernel, such as "Linux 6.18.5 x86_64".
std::string kernel_name();

#endif
