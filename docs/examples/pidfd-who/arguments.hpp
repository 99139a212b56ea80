// SPDX-License-Identifier: MIT
// The command line of pidfd-who.
#ifndef PIDFD_WHO_ARGUMENTS_HPP
#define PIDFD_WHO_ARGUMENTS_HPP

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

struct arguments {
    std::vector<uid_t> allowed; // not empty
    const char* known = nullptr;
    const char* socket = nullptr;
    bool help = false;
};

/// Returns an empty optional on a mistake, and stores its explanation in `mistake`.
std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake);

#endif
