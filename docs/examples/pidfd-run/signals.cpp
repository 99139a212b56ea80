// SPDX-License-Identifier: MIT
#include "signals.hpp"

#include <charconv>
#include <csignal>

namespace {

struct named {
    int signal;
    std::string_view name;
};

constexpr named names[] = {
    {SIGHUP, "HUP"},       {SIGINT, "INT"},   {SIGQUIT, "QUIT"},   {SIGILL, "ILL"},
    {SIGTRAP, "TRAP"},     {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},     {SIGFPE, "FPE"},
    {SIGKILL, "KILL"},     {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"},   {SIGUSR2, "USR2"},
    {SIGPIPE, "PIPE"},     {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},   {SIGCHLD, "CHLD"},
    {SIGCONT, "CONT"},     {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"},   {SIGTTIN, "TTIN"},
    {SIGTTOU, "TTOU"},     {SIGURG, "URG"},   {SIGXCPU, "XCPU"},   {SIGXFSZ, "XFSZ"},
    {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"}, {SIGIO, "IO"},
    {SIGPWR, "PWR"},       {SIGSYS, "SYS"},
};

} // namespace

std::optional<int> parse_signal(std::string_view text) {
    int number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error == std::errc() && end == last) {
        if (number <= 0 || number > SIGRTMAX)
            return std::nullopt;
        return number;
    }
    if (text.substr(0, 3) == "SIG")
        text.remove_prefix(3);
    for (const named& n : names)
        if (n.name == text)
            return n.signal;
    return std::nullopt;
}

std::string signal_name(int signal) {
    for (const named& n : names)
        if (n.signal == signal)
            return "SIG" + std::string(n.name);
    return "signal " + std::to_string(signal);
}
