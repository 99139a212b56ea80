// SPDX-License-Identifier: MIT
// The attribute of the functions that the shared library exports: those of abi.hpp.
#ifndef PIDFD_UTIL_EXPORT_HPP
#define PIDFD_UTIL_EXPORT_HPP

#define PIDFD_UTIL_EXPORT [[gnu::visibility("default")]]

#endif
