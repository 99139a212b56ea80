// SPDX-License-Identifier: MIT
// The names of signals.
#ifndef TOOL_PARTS_SIGNALS_HPP
#define TOOL_PARTS_SIGNALS_HPP

#include <optional>
#include <string>
#include <string_view>

/// Parses a signal: a name of signal(7) in any case, with or without SIG; RTMIN, RTMAX, RTMIN+N or
/// RTMAX-N; or a number from 1 to 64. Empty if there is no such signal.
std::optional<int> parse_signal(std::string_view text);

/// Returns the signal's name, such as "SIGTERM" or "SIGRTMIN+3", or "signal 32" if it has none.
std::string signal_name(int signal);

/// Returns the names of all signals, without SIG, in the order of their numbers. The real-time signals
/// between RTMIN and RTMAX are not among them.
std::string signal_list();

#endif
