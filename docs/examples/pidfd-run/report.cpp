// SPDX-License-Identifier: MIT
#include "report.hpp"

#include "signals.hpp"

#include <cstdio>

namespace {

double seconds(const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

template <class... Values>
std::string line(const char* format, Values... values) {
    char text[160];
    std::snprintf(text, sizeof text, format, values...);
    return text;
}

} // namespace

std::string describe(const ending& e) {
    std::string text;
    if (const auto code = e.status.code())
        text += line("status     exited with code %d\n", *code);
    else if (const auto signal = e.status.signal())
        text += line("status     killed by %s\n", signal_name(*signal).c_str());
    text += line("core       %s\n", e.status.core_dumped() ? "dumped" : "none");
    text += "timeout    ";
    text += e.sent.empty() ? "no" : "yes, sent";
    for (const int signal : e.sent)
        text += " " + signal_name(signal);
    text += "\n";
    text += line("wall time  %.3f s\n", std::chrono::duration<double>(e.wall).count());
    text += line("user       %.3f s\n", seconds(e.used.ru_utime));
    text += line("system     %.3f s\n", seconds(e.used.ru_stime));
    text += line("memory     %ld KiB at most\n", e.used.ru_maxrss);
    text += line("faults     %ld minor, %ld major\n", e.used.ru_minflt, e.used.ru_majflt);
    text += line("blocks     %ld read, %ld written\n", e.used.ru_inblock, e.used.ru_oublock);
    text += line("switches   %ld voluntary, %ld involuntary\n", e.used.ru_nvcsw, e.used.ru_nivcsw);
    return text;
}
