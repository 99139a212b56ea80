// SPDX-License-Identifier: MIT
// The command line of pidfd-inspect.
#ifndef PIDFD_INSPECT_ARGUMENTS_HPP
#define PIDFD_INSPECT_ARGUMENTS_HPP

#include "colour.hpp"
#include "fields.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

enum class action { show_processes, show_features, list_fields, help, version };

struct arguments {
    action what = action::show_processes;
    bool json = false;
    colour_choice colour = colour_choice::automatic;
    field_list fields;                                // all of them if it is empty
    std::optional<std::chrono::nanoseconds> interval; // of --watch
    std::vector<std::string> processes;
};

/// Parses the command line. Empty if it is wrong, which was then reported.
std::optional<arguments> parse_arguments(int argc, char** argv);

extern const char help[];

#endif
