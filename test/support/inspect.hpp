// SPDX-License-Identifier: MIT
// Runs the example tool pidfd-inspect and parses its output.
#ifndef PIDFD_UTIL_TEST_INSPECT_HPP
#define PIDFD_UTIL_TEST_INSPECT_HPP

#include "json.hpp"
#include "program.hpp"

#include <map>
#include <string>
#include <vector>

namespace support::inspect {

/// The tool's exit statuses, as in its --help.
enum : int { shown = 0, failed = 1, bad_usage = 2, gone = 3, refused = 4, no_pidfds = 5 };

/// The tool that was built, or the one that PIDFD_INSPECT in the environment names. Null if it was not
/// built.
const char* program();
finished run(const std::vector<std::string>& arguments, const surroundings& s = {},
             preparation prepare = nullptr);
finished table(pid_t pid, const surroundings& s = {});
finished as_json(pid_t pid, const surroundings& s = {});

surroundings on(const profile& kernel);

/// Parses the output of the tool with --json, as `parse_json` does.
json parsed(const finished& f);

/// Parses one such object on each line.
std::vector<json> parsed_lines(const finished& f);

struct cells {
    std::string path;
    std::string value;
};

/// The table's rows by their field; fails if a column is not aligned.
std::map<std::string, cells> rows(const finished& f);

/// Fails unless it is one line of printable text that begins with the tool's name.
void check_one_plain_line(const std::string& text);

} // namespace support::inspect

#endif
