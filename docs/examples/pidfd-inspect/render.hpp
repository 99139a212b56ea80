// SPDX-License-Identifier: MIT
// What is printed: a table for people, or one line of JSON for programs.
#ifndef PIDFD_INSPECT_RENDER_HPP
#define PIDFD_INSPECT_RENDER_HPP

#include "facts.hpp"

#include <algorithm>
#include <string>
#include <string_view>

std::string facts_as_table(const facts& f);
std::string facts_as_json(const facts& f);

/// What this kernel and this sandbox have, and the path that answers each operation.
std::string features_as_table();
std::string features_as_json();

/// The kernel's name for itself, such as "Linux 6.18.5 x86_64".
std::string kernel_name();

/// Calls `f` with each argument of a command line as /proc has it.
template <class F>
void for_each_argument(std::string_view command_line, F f) {
    while (!command_line.empty()) {
        const auto end = std::min(command_line.find('\0'), command_line.size());
        f(command_line.substr(0, end));
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
    }
}

#endif
