// SPDX-License-Identifier: MIT
// Runs the example tool pidfd-run.
#ifndef PIDFD_UTIL_TEST_RUN_TOOL_HPP
#define PIDFD_UTIL_TEST_RUN_TOOL_HPP

#include "running_tool.hpp"

namespace run_tool {

/// The tool while it runs.
class tool : public running_tool {
public:
    explicit tool(const std::vector<std::string>& arguments, pidfd_util::spawn_options options = {},
                  const char* program = PIDFD_RUN, int input = STDIN_FILENO)
        : running_tool(program, arguments, std::move(options), input) {}
};

inline result run(const std::vector<std::string>& arguments,
                  const pidfd_util::spawn_options& options = {}) {
    return tool(arguments, options).finish();
}

} // namespace run_tool

#endif
