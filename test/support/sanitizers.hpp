// SPDX-License-Identifier: MIT
// Which sanitizer the tests are compiled with, by GCC or Clang.
#ifndef PIDFD_UTIL_TEST_SANITIZERS_HPP
#define PIDFD_UTIL_TEST_SANITIZERS_HPP

namespace support {

#if defined(__has_feature)
inline constexpr bool address_sanitizer = __has_feature(address_sanitizer);
inline constexpr bool thread_sanitizer = __has_feature(thread_sanitizer);
#else
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif
#ifdef __SANITIZE_THREAD__
inline constexpr bool thread_sanitizer = true;
#else
inline constexpr bool thread_sanitizer = false;
#endif
#endif
inline constexpr bool sanitized = address_sanitizer || thread_sanitizer;

} // namespace support

#endif
