// SPDX-License-Identifier: MIT
// Stop policies on a command line.
#ifndef TOOL_PARTS_STOP_POLICY_HPP
#define TOOL_PARTS_STOP_POLICY_HPP

#include <pidfd_util/stop_step.hpp>

#include <optional>
#include <string_view>
#include <vector>

/// Parses SIGNAL[,TIME],SIGNAL[,TIME]..., such as TERM,5s,KILL. What follows a signal is read as a
/// time if it is one, otherwise as the next signal. Empty if the text is no such policy.
std::optional<std::vector<pidfd_util::stop_step>> parse_stop_policy(std::string_view text);

#endif
