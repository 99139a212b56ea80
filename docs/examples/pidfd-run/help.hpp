// SPDX-License-Identifier: MIT
// The text of --help.
#ifndef PIDFD_RUN_HELP_HPP
#define PIDFD_RUN_HELP_HPP

extern const char help[];

#endif
