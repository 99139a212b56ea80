// SPDX-License-Identifier: MIT
// Names of users and groups.
#ifndef TOOL_PARTS_NAMES_HPP
#define TOOL_PARTS_NAMES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// Return the name of the id. Empty if it has no name on this system.
std::optional<std::string> user_name(uid_t uid);
std::optional<std::string> group_name(gid_t gid);

/// Parses the id of a user or a group. Empty if the text is not an id. The largest number is not
/// one.
std::optional<id_t> parse_id(std::string_view text);

/// A user that a command line names.
struct account {
    uid_t uid;
    /// Empty if the system does not know the user.
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;
};

/// Finds the user with this name or, if no user has it, with this id. Empty if the text is neither.
std::optional<account> find_account(const std::string& text);

/// Find the id of a user or of a group in the same way.
std::optional<uid_t> find_user(const std::string& text);
std::optional<gid_t> find_group(const std::string& text);

#endif
