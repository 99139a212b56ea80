// SPDX-License-Identifier: MIT
// Standard streams that the caller has closed.
#ifndef TOOL_PARTS_STANDARD_FDS_HPP
#define TOOL_PARTS_STANDARD_FDS_HPP

/// Call this first. Otherwise, a file that the program opens could become its standard output.
/// Opens each standard stream that is closed, in such a way that writing to it still fails with
/// EBADF, and that a program that is executed still finds it closed.
void fill_standard_fds();

#endif
