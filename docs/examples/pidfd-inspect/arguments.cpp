// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "../tool-parts/duration.hpp"
#include "../tool-parts/options.hpp"
#include "../tool-parts/text.hpp"
#include "errors.hpp"

#include <algorithm>
#include <getopt.h>
#include <string_view>

namespace {

std::nullopt_t wrong(const std::string& text) {
    complain({bad_usage, text});
    return std::nullopt;
}

/// Adds the fields that the text names, with commas between them.
bool add_fields(field_list& fields, std::string_view names) {
    for (;;) {
        const std::size_t end = std::min(names.find(','), names.size());
        const std::string_view name = names.substr(0, end);
        const field* const found = find_field(name);
        if (found == nullptr) {
            complain({bad_usage, "there is no field " + shell_word(name) +
                                     ". Try pidfd-inspect --list-fields"});
            return false;
        }
        fields.push_back(found);
        if (end == names.size())
            return true;
        names.remove_prefix(end + 1);
    }
}

// Above the characters: see explain_option.
enum choice : int {
    json_option = 256,
    field_option,
    list_fields_option,
    watch_option,
    color_option,
    features_option
};

constexpr option options[] = {{"json", no_argument, nullptr, json_option},
                              {"field", required_argument, nullptr, field_option},
                              {"list-fields", no_argument, nullptr, list_fields_option},
                              {"watch", optional_argument, nullptr, watch_option},
                              {"color", optional_argument, nullptr, color_option},
                              {"features", no_argument, nullptr, features_option},
                              {"help", no_argument, nullptr, 'h'},
                              {"version", no_argument, nullptr, 'V'},
                              {nullptr, 0, nullptr, 0}};

/// Returns whether the options make sense together.
bool consistent(const arguments& a) {
    const char* const alone = a.what == action::show_features ? "--features"
                              : a.what == action::list_fields ? "--list-fields"
                                                              : nullptr;
    if (alone == nullptr) {
        if (a.processes.empty())
            complain({bad_usage, "which process? Try pidfd-inspect --help"});
        return !a.processes.empty();
    }
    const char* const excess = !a.processes.empty()                      ? "process"
                               : !a.fields.empty()                       ? "--field"
                               : a.interval                              ? "--watch"
                               : a.json && a.what == action::list_fields ? "--json"
                                                                         : nullptr;
    if (excess != nullptr)
        complain({bad_usage, std::string(alone) + " takes no " + excess});
    return excess == nullptr;
}

} // namespace

std::optional<arguments> parse_arguments(int argc, char** argv) {
    arguments a;
    // optarg is null if an option has no value, or an optional one is missing.
    const auto value_or = [](const char* missing) -> std::string_view {
        return optarg != nullptr ? optarg : missing;
    };
    constexpr char letters[] = ":hV"; // ":": getopt_long prints nothing
    for (int found; (found = getopt_long(argc, argv, letters, options, nullptr)) != -1;) {
        switch (found) {
        case json_option:
            a.json = true;
            break;
        case field_option:
            if (!add_fields(a.fields, value_or("")))
                return std::nullopt;
            break;
        case list_fields_option:
            a.what = action::list_fields;
            break;
        case watch_option:
            a.interval = parse_duration(value_or("1"));
            if (!a.interval || a.interval->count() == 0)
                return wrong("--watch takes a time above 0, not " + shell_word(value_or("")));
            break;
        case color_option:
            if (const auto colour = parse_colour_choice(value_or("always")))
                a.colour = *colour;
            else
                return wrong("--color takes auto, always or never, not " +
                             shell_word(value_or("")));
            break;
        case features_option:
            a.what = action::show_features;
            break;
        case 'h':
            a.what = action::help;
            return a;
        case 'V':
            a.what = action::version;
            return a;
        default:
            return wrong(explain_option(found, argv, letters));
        }
    }
    a.processes.assign(argv + optind, argv + argc);
    if (!consistent(a))
        return std::nullopt;
    return a;
}
