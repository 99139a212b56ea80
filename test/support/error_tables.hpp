// SPDX-License-Identifier: MIT
// The tables of docs/errors.md, which come from the headers: the errnos that an operation may
// return.
#ifndef PIDFD_UTIL_TEST_ERROR_TABLES_HPP
#define PIDFD_UTIL_TEST_ERROR_TABLES_HPP

#include "operations.hpp"

#include <string>

namespace support {

/// The operation's name in the tables; empty if there is none.
std::string documented_name(const operation_row& o);

/// Whether the operation's own table or the common one has the errno. `through_proc`: the operation
/// has opened a file, so that the table of the paths through /proc applies as well.
bool is_documented(const std::string& name, int error, bool through_proc);

} // namespace support

#endif
