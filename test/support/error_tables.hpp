// SPDX-License-Identifier: MIT
// The tables of docs/errors.md, which are those of the headers: which errnos an operation may return.
#ifndef PIDFD_UTIL_TEST_ERROR_TABLES_HPP
#define PIDFD_UTIL_TEST_ERROR_TABLES_HPP

#include <string>

namespace support {

/// The name in the tables of an operation of fault_operations.hpp; empty if there is none.
std::string documented_name(const std::string& operation);

/// Whether the operation's own table or the common one names the errno. `through_proc`: it has
/// opened a file, so that the table of the paths through /proc holds as well.
bool is_documented(const std::string& name, int error, bool through_proc);

} // namespace support

#endif
