// SPDX-License-Identifier: MIT
#include "signals.hpp"

#include "number.hpp"

#include <cctype>
#include <csignal>

namespace {

struct named {
    int signal;
    std::string_view name;
};

// In the order of the numbers on most machines. The first name of a number is the one that is printed.
constexpr named names[] = {
    {SIGHUP, "HUP"},       {SIGINT, "INT"},   {SIGQUIT, "QUIT"},     {SIGILL, "ILL"},
    {SIGTRAP, "TRAP"},     {SIGABRT, "ABRT"}, {SIGIOT, "IOT"},       {SIGBUS, "BUS"},
    {SIGFPE, "FPE"},       {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},     {SIGSEGV, "SEGV"},
    {SIGUSR2, "USR2"},     {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},     {SIGTERM, "TERM"},
#ifdef SIGSTKFLT
    {SIGSTKFLT, "STKFLT"},
#endif
    {SIGCHLD, "CHLD"},     {SIGCHLD, "CLD"},  {SIGCONT, "CONT"},     {SIGSTOP, "STOP"},
    {SIGTSTP, "TSTP"},     {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},     {SIGURG, "URG"},
    {SIGXCPU, "XCPU"},     {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"},
    {SIGWINCH, "WINCH"},   {SIGIO, "IO"},     {SIGPOLL, "POLL"},     {SIGPWR, "PWR"},
    {SIGSYS, "SYS"},
};

// The kernel's last signal. SIGRTMAX is the last one that the C library does not use itself.
constexpr int last_signal = 64;

/// Parses what follows RTMIN or RTMAX: nothing, or the sign and a distance.
std::optional<int> parse_distance(std::string_view text, char sign) {
    if (text.empty())
        return 0;
    if (text[0] != sign || text.substr(1).find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    const auto distance = parse_number<int>(text.substr(1));
    return distance && *distance <= SIGRTMAX - SIGRTMIN ? distance : std::nullopt;
}

} // namespace

std::optional<int> parse_signal(std::string_view text) {
    if (const auto number = parse_number<int>(text))
        return *number >= 1 && *number <= last_signal ? number : std::nullopt;
    std::string upper;
    for (const char c : text)
        upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::string_view name = upper;
    if (name.substr(0, 3) == "SIG")
        name.remove_prefix(3);
    if (name.substr(0, 5) == "RTMIN") {
        const auto distance = parse_distance(name.substr(5), '+');
        return distance ? std::optional<int>(SIGRTMIN + *distance) : std::nullopt;
    }
    if (name.substr(0, 5) == "RTMAX") {
        const auto distance = parse_distance(name.substr(5), '-');
        return distance ? std::optional<int>(SIGRTMAX - *distance) : std::nullopt;
    }
    for (const named& n : names)
        if (n.name == name)
            return n.signal;
    return std::nullopt;
}

std::string signal_name(int signal) {
    for (const named& n : names)
        if (n.signal == signal)
            return "SIG" + std::string(n.name);
    if (signal == SIGRTMIN)
        return "SIGRTMIN";
    if (signal == SIGRTMAX)
        return "SIGRTMAX";
    if (signal > SIGRTMIN && signal < SIGRTMAX)
        return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
    return "signal " + std::to_string(signal);
}

std::string signal_list() {
    std::string text;
    for (int signal = 1; signal < last_signal; ++signal)
        for (const named& n : names)
            if (n.signal == signal) {
                text += text.empty() ? "" : " ";
                text += n.name;
                break;
            }
    return text + " RTMIN RTMAX";
}
