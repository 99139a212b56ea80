// SPDX-License-Identifier: MIT
// What the shared library shows of itself: the functions of abi.hpp, and nothing else.
#ifndef PIDFD_UTIL_EXPORT_HPP
#define PIDFD_UTIL_EXPORT_HPP

#define PIDFD_UTIL_EXPORT [[gnu::visibility("default")]]

#endif
