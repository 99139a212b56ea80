// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "../tool-parts/names.hpp"
#include "../tool-parts/options.hpp"
#include "../tool-parts/text.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <getopt.h>
#include <string_view>
#include <unistd.h>

namespace {

/// Returns whether this user namespace maps all ids: the first one does.
bool every_user_has_an_id() {
    std::uint64_t first = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    std::ifstream("/proc/self/uid_map") >> first >> outside >> count;
    return count == static_cast<uid_t>(-1);
}

} // namespace

std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake) {
    enum choice : int { allow_user = 256, known, help_option };
    constexpr option options[] = {{"allow-user", required_argument, nullptr, allow_user},
                                  {"known", required_argument, nullptr, known},
                                  {"help", no_argument, nullptr, help_option},
                                  {nullptr, 0, nullptr, 0}};
    arguments parsed;
    // ":": getopt_long prints nothing.
    for (int found; (found = getopt_long(argc, argv, ":", options, nullptr)) != -1;) {
        switch (found) {
        case allow_user:
            if (const auto uid = parse_id(optarg)) {
                parsed.allowed.push_back(*uid);
                break;
            }
            mistake = shell_word(optarg) + " is not the id of a user";
            return std::nullopt;
        case known:
            parsed.known = optarg;
            break;
        case help_option:
            parsed.help = true;
            return parsed;
        default:
            mistake = explain_option(found, argv, "");
            return std::nullopt;
        }
    }
    if (argc - optind != 1 || *argv[optind] == '\0') {
        mistake = "which socket? Try pidfd-who --help";
        return std::nullopt;
    }
    parsed.socket = argv[optind];
    if (parsed.allowed.empty())
        parsed.allowed.push_back(geteuid());
    // The kernel shows every user without an id in this user namespace as this one.
    constexpr uid_t unmapped = 65534;
    if (std::count(parsed.allowed.begin(), parsed.allowed.end(), unmapped) != 0 &&
        !every_user_has_an_id()) {
        mistake = "user 65534 stands for all users that have no id here";
        return std::nullopt;
    }
    return parsed;
}
