// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "../tool-parts/duration.hpp"
#include "../tool-parts/options.hpp"
#include "../tool-parts/signals.hpp"
#include "../tool-parts/stop_policy.hpp"
#include "../tool-parts/text.hpp"

#include <getopt.h>
#include <iterator>
#include <string_view>
#include <utility>

namespace {

// "+": what follows the command's name belongs to the command. ":": getopt_long prints nothing.
constexpr char letters[] = "+:t:s:k:vpfhV";

// Above the characters. The options of the start follow them.
enum choice : int { stop = 256, init, cgroup, new_cgroup, report, report_file, first_setting };

constexpr option own_options[] = {{"timeout", required_argument, nullptr, 't'},
                                  {"stop", required_argument, nullptr, stop},
                                  {"signal", required_argument, nullptr, 's'},
                                  {"kill-after", required_argument, nullptr, 'k'},
                                  {"verbose", no_argument, nullptr, 'v'},
                                  {"preserve-status", no_argument, nullptr, 'p'},
                                  {"foreground", no_argument, nullptr, 'f'},
                                  {"init", no_argument, nullptr, init},
                                  {"cgroup", required_argument, nullptr, cgroup},
                                  {"new-cgroup", no_argument, nullptr, new_cgroup},
                                  {"report", optional_argument, nullptr, report},
                                  {"report-file", required_argument, nullptr, report_file},
                                  {"help", no_argument, nullptr, 'h'},
                                  {"version", no_argument, nullptr, 'V'}};

std::vector<option> all_options() {
    std::vector<option> all(std::begin(own_options), std::end(own_options));
    int value = first_setting;
    for (const setting_option& s : setting_options)
        all.push_back({s.name, s.has_value ? required_argument : no_argument, nullptr, value++});
    all.push_back({nullptr, 0, nullptr, 0});
    return all;
}

/// The options that together make the stop policy.
struct policy {
    std::optional<std::vector<pidfd_util::stop_step>> whole;
    std::optional<int> signal;
    std::optional<std::chrono::nanoseconds> kill_after;
};

/// The same steps as those of the library's default, with another signal or another time.
std::vector<pidfd_util::stop_step> steps_of(const policy& p) {
    if (p.whole)
        return *p.whole;
    std::vector<pidfd_util::stop_step> steps(std::begin(pidfd_util::default_stop),
                                             std::end(pidfd_util::default_stop));
    steps[0].signal = p.signal.value_or(steps[0].signal);
    steps[1].time = p.kill_after.value_or(steps[1].time);
    if (p.signal == SIGKILL)
        steps = {steps[2]};
    else if (p.kill_after && p.kill_after->count() == 0)
        steps.pop_back();
    return steps;
}

std::string is_not_a(const char* expected) {
    return shell_word(optarg) + " is not a " + expected;
}

/// Handles one option. Returns what is wrong with it; empty if nothing is.
std::string take(int found, arguments& parsed, policy& stopping) {
    switch (found) {
    case 't':
        parsed.timeout = parse_duration(optarg);
        if (!parsed.timeout)
            return is_not_a("time");
        if (parsed.timeout->count() == 0)
            parsed.timeout.reset();
        return {};
    case stop:
        stopping.whole = parse_stop_policy(optarg);
        return stopping.whole
                   ? ""
                   : is_not_a("stop policy: SIGNAL[,TIME],SIGNAL[,TIME]... such as TERM,5s,KILL");
    case 's':
        stopping.signal = parse_signal(optarg);
        return stopping.signal ? "" : is_not_a("signal");
    case 'k':
        stopping.kill_after = parse_duration(optarg);
        return stopping.kill_after ? "" : is_not_a("time");
    case 'v':
        parsed.verbose = true;
        return {};
    case 'p':
        parsed.preserve_status = true;
        return {};
    case 'f':
        parsed.foreground = true;
        return {};
    case init:
        parsed.init = true;
        return {};
    case cgroup:
        parsed.cgroup = optarg;
        return {};
    case new_cgroup:
        parsed.new_cgroup = true;
        return {};
    case report: {
        const std::string_view form = optarg == nullptr ? "text" : optarg;
        parsed.report = form == "json" ? report_format::json : report_format::text;
        return form == "json" || form == "text" ? "" : is_not_a("form of a report: text or json");
    }
    case report_file:
        parsed.report_file = optarg;
        return {};
    case 'h':
        parsed.what = arguments::what::help;
        return {};
    case 'V':
        parsed.what = arguments::what::version;
        return {};
    default:
        return (parsed.settings.*setting_options[found - first_setting].set)(optarg);
    }
}

/// Returns why the options cannot be used together; empty if they can.
std::string contradiction(const arguments& parsed, const policy& stopping) {
    if (stopping.whole && (stopping.signal || stopping.kill_after))
        return "--stop excludes --signal and --kill-after";
    if (parsed.cgroup != nullptr && parsed.new_cgroup)
        return "--cgroup and --new-cgroup exclude each other";
    if (parsed.foreground && parsed.init)
        return "--foreground and --init exclude each other";
    return parsed.settings.contradiction();
}

} // namespace

std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake) {
    const std::vector<option> options = all_options();
    std::optional<arguments> parsed(std::in_place);
    policy stopping;
    for (int found; (found = getopt_long(argc, argv, letters, options.data(), nullptr)) != -1;) {
        mistake = found == ':' || found == '?' ? explain_option(found, argv, letters)
                                               : take(found, *parsed, stopping);
        if (!mistake.empty())
            return std::nullopt;
        if (parsed->what != arguments::what::run)
            return parsed;
    }
    mistake = contradiction(*parsed, stopping);
    if (mistake.empty() && optind >= argc)
        mistake = "which command? Try pidfd-run --help";
    if (!mistake.empty())
        return std::nullopt;
    if (parsed->report_file != nullptr && parsed->report == report_format::none)
        parsed->report = report_format::text;
    parsed->stop = steps_of(stopping);
    parsed->command = argv + optind;
    return parsed;
}
