// SPDX-License-Identifier: MIT
// The fields that the table has rows for, and that --field chooses from.
#ifndef PIDFD_INSPECT_FIELDS_HPP
#define PIDFD_INSPECT_FIELDS_HPP

#include "facts.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// One field of one process.
struct cell {
    const char* path;      // which path answered; "-" if none did
    std::string text;      // the value for people, or the reason for its absence
    std::string plain;     // the value for scripts; "-" if there is none
    std::error_code error; // why there is no value
};

struct field {
    std::string name;    // on the command line
    std::string title;   // in the table
    std::string key;     // of the member of the JSON object that contains it
    std::string meaning; // what --field prints
    std::function<cell(const facts&)> show;
};

using field_list = std::vector<const field*>;

/// Returns all fields in the order of the table.
const std::vector<field>& all_fields();

/// Returns the field with this name; null if there is none.
const field* find_field(std::string_view name);

#endif
