// SPDX-License-Identifier: MIT
// Names of users and groups.
#ifndef PIDFD_INSPECT_NAMES_HPP
#define PIDFD_INSPECT_NAMES_HPP

#include <optional>
#include <string>
#include <sys/types.h>

/// Empty if the id has no name here.
std::optional<std::string> user_name(uid_t uid);
std::optional<std::string> group_name(gid_t gid);

#endif
