// SPDX-License-Identifier: MIT
// The names of signals.
#ifndef PIDFD_RUN_SIGNALS_HPP
#define PIDFD_RUN_SIGNALS_HPP

#include <optional>
#include <string>
#include <string_view>

/// By its name, with or without SIG, or by its number. There must be such a signal.
std::optional<int> parse_signal(std::string_view text);

/// "SIGTERM"; a signal that has no name: "signal 40".
std::string signal_name(int signal);

#endif
