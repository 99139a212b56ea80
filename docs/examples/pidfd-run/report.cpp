// SPDX-License-Identifier: MIT
#include "report.hpp"

#include "../tool-parts/signals.hpp"
#include "../tool-parts/text.hpp"

#include <cstdio>

namespace {

double seconds(std::chrono::nanoseconds t) {
    return std::chrono::duration<double>(t).count();
}

template <class... Values>
std::string format(const char* form, Values... values) {
    char text[160];
    std::snprintf(text, sizeof text, form, values...);
    return text;
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string kibibytes(std::uint64_t bytes) {
    return number(bytes / 1024) + " KiB";
}

/// Returns the peak of the resident memory. Empty if it cannot be distinguished from that of this
/// process.
std::optional<std::uint64_t> own_peak(const ending& e) {
    if (!e.used || e.used->peak_resident <= e.floor)
        return std::nullopt;
    return e.used->peak_resident;
}

std::string usage_as_text(const ending& e) {
    if (!e.used)
        return "usage      unknown\n";
    const auto& u = *e.used;
    const auto peak = own_peak(e);
    return format("user       %.3f s\n", seconds(u.user_time)) +
           format("system     %.3f s\n", seconds(u.system_time)) + "memory     " +
           (peak ? kibibytes(*peak) + " at most\n"
                 : "not above the " + kibibytes(e.floor) + " of pidfd-run itself\n") +
           "faults     " + number(u.minor_faults) + " minor, " + number(u.major_faults) +
           " major\n" + "blocks     " + number(u.blocks_read) + " read, " +
           number(u.blocks_written) + " written\n" + "switches   " + number(u.voluntary_switches) +
           " voluntary, " + number(u.involuntary_switches) + " involuntary\n";
}

/// Returns a member of a JSON object, with the comma in front of it.
std::string member(const char* name, const std::optional<std::string>& value) {
    return ",\"" + std::string(name) + "\":" + value.value_or("null");
}

} // namespace

std::string as_text(const ending& e) {
    std::string text;
    if (const auto code = e.status.code())
        text += "status     exited with code " + std::to_string(*code) + "\n";
    else if (const auto signal = e.status.signal())
        text += "status     killed by " + signal_name(*signal) + "\n";
    text += "core       " + std::string(e.status.core_dumped() ? "dumped" : "none") + "\n";
    text += "timeout    " + std::string(e.timed_out ? "yes, sent" : "no");
    if (e.timed_out)
        for (const int signal : e.sent)
            text += " " + signal_name(signal);
    text += format("\nwall time  %.3f s\n", seconds(e.wall)) + usage_as_text(e);
    if (e.cgroup_peak)
        text += "cgroup     " + kibibytes(*e.cgroup_peak) + " at most\n";
    return text;
}

std::string as_json(const ending& e) {
    std::string words;
    for (char** word = e.command; *word != nullptr; ++word)
        words += (words.empty() ? "" : ",") + json_string(*word);
    std::string sent;
    for (const int signal : e.sent)
        sent += (sent.empty() ? "" : ",") + json_string(signal_name(signal));
    const auto optional_number = [](const auto& value) {
        return value ? std::optional<std::string>(std::to_string(*value)) : std::nullopt;
    };
    // Not by printf: a locale may have another decimal point.
    const auto time = [](std::chrono::nanoseconds t) {
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(t).count();
        const std::string fraction = std::to_string(1'000'000 + micros % 1'000'000).substr(1);
        return std::to_string(micros / 1'000'000) + "." + fraction;
    };
    const auto used = [&](auto part) {
        return e.used ? std::optional<std::string>(part(*e.used)) : std::nullopt;
    };
    using usage = pidfd_util::child_usage;
    const auto signal = e.status.signal();
    return "{\"command\":[" + words + "]" + member("exit_code", optional_number(e.status.code())) +
           member("signal",
                  signal ? std::optional(json_string(signal_name(*signal))) : std::nullopt) +
           member("core_dumped", e.status.core_dumped() ? "true" : "false") +
           member("timed_out", e.timed_out ? "true" : "false") +
           member("signals_sent", "[" + sent + "]") + member("wall_seconds", time(e.wall)) +
           member("user_seconds", used([&](const usage& u) { return time(u.user_time); })) +
           member("system_seconds", used([&](const usage& u) { return time(u.system_time); })) +
           member("peak_resident_bytes", optional_number(own_peak(e))) +
           member("cgroup_peak_bytes", optional_number(e.cgroup_peak)) +
           member("minor_faults", used([](const usage& u) { return number(u.minor_faults); })) +
           member("major_faults", used([](const usage& u) { return number(u.major_faults); })) +
           member("blocks_read", used([](const usage& u) { return number(u.blocks_read); })) +
           member("blocks_written", used([](const usage& u) { return number(u.blocks_written); })) +
           member("voluntary_switches",
                  used([](const usage& u) { return number(u.voluntary_switches); })) +
           member("involuntary_switches",
                  used([](const usage& u) { return number(u.involuntary_switches); })) +
           "}\n";
}
