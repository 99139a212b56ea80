// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "../tool-parts/duration.hpp"
#include "../tool-parts/number.hpp"
#include "../tool-parts/options.hpp"
#include "../tool-parts/text.hpp"

#include <getopt.h>
#include <string_view>

namespace {

std::optional<std::size_t> parse_count(std::string_view text) {
    const auto count = parse_number<std::size_t>(text);
    return count && *count > 0 ? count : std::nullopt;
}

} // namespace

std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake) {
    enum choice : int { any = 256, all, status }; // above all characters
    constexpr option options[] = {
        {"timeout", required_argument, nullptr, 't'}, {"exited", no_argument, nullptr, 'e'},
        {"count", required_argument, nullptr, 'c'},   {"any", no_argument, nullptr, any},
        {"all", no_argument, nullptr, all},           {"status", no_argument, nullptr, status},
        {"verbose", no_argument, nullptr, 'v'},       {"help", no_argument, nullptr, 'h'},
        {"version", no_argument, nullptr, 'V'},       {nullptr, 0, nullptr, 0}};
    constexpr char letters[] = ":t:ec:vhV"; // ":": getopt_long prints nothing
    arguments parsed;
    for (int found; (found = getopt_long(argc, argv, letters, options, nullptr)) != -1;) {
        switch (found) {
        case 't':
            parsed.timeout = parse_duration(optarg);
            if (!parsed.timeout) {
                mistake = shell_word(optarg) + " is not a time";
                return std::nullopt;
            }
            break;
        case 'e':
            parsed.exited = true;
            break;
        case 'c':
            parsed.count = parse_count(optarg);
            if (!parsed.count) {
                mistake = shell_word(optarg) + " is not a number of processes";
                return std::nullopt;
            }
            break;
        case any:
            parsed.count = 1;
            break;
        case all:
            parsed.count.reset();
            break;
        case status:
            parsed.status = true;
            break;
        case 'v':
            parsed.verbose = true;
            break;
        case 'h':
            parsed.what = arguments::what::help;
            return parsed;
        case 'V':
            parsed.what = arguments::what::version;
            return parsed;
        default:
            mistake = explain_option(found, argv, letters);
            return std::nullopt;
        }
    }
    parsed.names.assign(argv + optind, argv + argc);
    if (parsed.names.empty()) {
        mistake = "which process? Try pidfd-wait --help";
        return std::nullopt;
    }
    if (parsed.exited && parsed.count) {
        mistake = "--exited excludes --count and --any";
        return std::nullopt;
    }
    return parsed;
}
