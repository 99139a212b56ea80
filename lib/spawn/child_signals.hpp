// SPDX-License-Identifier: MIT
// The actions and the mask of the signals of a spawned child.
#ifndef PIDFD_UTIL_LIB_SPAWN_CHILD_SIGNALS_HPP
#define PIDFD_UTIL_LIB_SPAWN_CHILD_SIGNALS_HPP

#include "spawn_plan.hpp"

namespace pidfd_util {

// Both are called in the child.

/// Removes the parent's handlers, and sets the actions that the options ask for.
[[nodiscard, gnu::cold]] int set_child_signal_actions(const spawn_plan& plan) noexcept;
/// Sets the signal mask of the options, or that of the parent's thread.
[[nodiscard, gnu::cold]] int set_child_signal_mask(const spawn_plan& plan) noexcept;

} // namespace pidfd_util

#endif
