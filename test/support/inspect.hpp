// SPDX-License-Identifier: MIT
// Runs the example tool pidfd-inspect and takes apart what it prints.
#ifndef PIDFD_UTIL_TEST_INSPECT_HPP
#define PIDFD_UTIL_TEST_INSPECT_HPP

#include "json.hpp"
#include "program.hpp"

#include <map>

namespace support::inspect {

/// The tool's exit statuses, as its --help has them.
enum : int { shown = 0, failed = 1, bad_usage = 2, gone = 3, refused = 4, no_pidfds = 5 };

/// The tool that was built, or the one that PIDFD_INSPECT in the environment names.
finished run(const std::vector<std::string>& arguments, const surroundings& s = {},
             preparation prepare = nullptr);
finished table(pid_t pid, const surroundings& s = {});
finished as_json(pid_t pid, const surroundings& s = {});

surroundings on(const profile& kernel);

/// What the tool printed with --json, which must be one object on one line.
json parsed(const finished& f);

struct cells {
    std::string path;
    std::string value;
};

/// The table's rows by their field; fails where a column is out of line.
std::map<std::string, cells> rows(const finished& f);

/// Fails unless it is one line of printable text that begins with the tool's name.
void check_one_plain_line(const std::string& text);

} // namespace support::inspect

#endif
