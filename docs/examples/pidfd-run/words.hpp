// SPDX-License-Identifier: MIT
// Lists and names in the values of options.
#ifndef PIDFD_RUN_WORDS_HPP
#define PIDFD_RUN_WORDS_HPP

#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/resource_limit.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Returns the parts between the commas. An empty text has no parts.
std::vector<std::string> split_list(std::string_view text);

/// Parses numbers and ranges of numbers, such as 0,2-5. Empty if the text is no such list, or has a
/// number above 8191.
std::optional<std::vector<int>> parse_cpus(std::string_view text);

/// Parses the name of a namespace that a process can be started in, such as net.
std::optional<pidfd_util::namespace_flags> parse_namespace(std::string_view name);

/// Parses RESOURCE=SOFT:HARD or RESOURCE=BOTH, such as nofile=1024:4096 or core=0. Each limit is a
/// number or the word unlimited.
std::optional<pidfd_util::resource_limit> parse_limit(std::string_view text);

#endif
