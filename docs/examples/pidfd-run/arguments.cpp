// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "signals.hpp"

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace {

/// A number with a unit: ms, s, m, h or d; without one, seconds.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const std::string copy(text);
    char* unit = nullptr;
    const double number = std::strtod(copy.c_str(), &unit);
    // strtod also takes spaces, signs, "inf" and hexadecimal numbers.
    if (unit == copy.c_str() ||
        copy.find_first_not_of("0123456789.") < copy.size() - std::string_view(unit).size())
        return std::nullopt;
    double seconds = 0;
    const std::string_view suffix = unit;
    if (suffix == "ms")
        seconds = number / 1000;
    else if (suffix.empty() || suffix == "s")
        seconds = number;
    else if (suffix == "m")
        seconds = number * 60;
    else if (suffix == "h")
        seconds = number * 60 * 60;
    else if (suffix == "d")
        seconds = number * 60 * 60 * 24;
    else
        return std::nullopt;
    constexpr double a_century = 100.0 * 365 * 24 * 60 * 60;
    if (!(seconds <= a_century))
        seconds = a_century;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

/// SIGNAL[,TIME],SIGNAL[,TIME]...
std::optional<std::vector<pidfd_util::stop_step>> parse_policy(std::string_view text) {
    std::vector<pidfd_util::stop_step> steps;
    bool time_may_follow = false;
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        const auto time = time_may_follow ? parse_duration(word) : std::nullopt;
        if (time) {
            steps.back().time = *time;
        } else {
            const auto signal = parse_signal(word);
            if (!signal)
                return std::nullopt;
            steps.push_back({*signal, std::chrono::nanoseconds(0)});
        }
        time_may_follow = !time;
        if (comma == std::string_view::npos)
            return steps;
        text.remove_prefix(comma + 1);
    }
}

} // namespace

std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake) {
    arguments parsed;
    parsed.stop.assign(std::begin(pidfd_util::default_stop), std::end(pidfd_util::default_stop));
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; ++i) {
        const std::string_view word = argv[i];
        const std::string_view option = word.substr(0, word.find('='));
        if (word == "--") {
            ++i;
            break;
        }
        if (word == "--help" || word == "--version") {
            parsed.what = word == "--help" ? arguments::what::help : arguments::what::version;
            return parsed;
        }
        if (word == "--report") {
            parsed.report = true;
            continue;
        }
        if (option != "--timeout" && option != "--stop" && option != "--cgroup") {
            mistake = "there is no option '" + std::string(word) + "'";
            return std::nullopt;
        }
        if (option.size() == word.size() && i + 1 >= argc) {
            mistake = std::string(option) + " needs a value";
            return std::nullopt;
        }
        const char* const value =
            option.size() < word.size() ? word.data() + option.size() + 1 : argv[++i];
        const auto wrong = [&](const char* is_no) {
            mistake = "'" + std::string(value) + "' is no " + is_no;
            return std::nullopt;
        };
        if (option == "--timeout") {
            parsed.timeout = parse_duration(value);
            if (!parsed.timeout)
                return wrong("time");
            if (parsed.timeout->count() == 0)
                parsed.timeout.reset();
        } else if (option == "--stop") {
            auto policy = parse_policy(value);
            if (!policy)
                return wrong("stop policy: SIGNAL[,TIME],SIGNAL[,TIME]... such as TERM,5s,KILL");
            parsed.stop = std::move(*policy);
        } else {
            parsed.cgroup = value;
        }
    }
    if (i >= argc) {
        mistake = "which command? Try pidfd-run --help";
        return std::nullopt;
    }
    parsed.command = argv + i;
    return parsed;
}
