// SPDX-License-Identifier: MIT
// --watch: shows processes again and again.
#ifndef PIDFD_INSPECT_WATCH_HPP
#define PIDFD_INSPECT_WATCH_HPP

#include "subject.hpp"

#include <vector>

/// Shows the processes at every interval, and at once when one of them ends, until all have ended.
/// Tables on a terminal replace those before them. Returns the highest status of all processes.
status watch(std::vector<subject>& subjects, const arguments& how, bool colour);

#endif
