// SPDX-License-Identifier: MIT
// The type of every result: `std::expected` if it is available, and `tl::expected` otherwise.
//
// This is the only place that chooses between them. `PIDFD_UTIL_USE_STD_EXPECTED` or
// `PIDFD_UTIL_USE_TL_EXPECTED`, which Meson's option `expected` writes into `config.hpp`, fixes the
// choice. Everything that mentions `expected` is in an inline namespace named after the choice. A
// program may therefore mix sources of both kinds: the linker does not accept a `pidfd` of one kind
// where a `pidfd` of the other is needed.
#ifndef PIDFD_UTIL_EXPECTED_HPP
#define PIDFD_UTIL_EXPECTED_HPP

#include <system_error>

// config.hpp is absent if the sources are embedded without Meson. The choice is automatic then.
#if __has_include(<pidfd_util/config.hpp>)
#include <pidfd_util/config.hpp>
#endif

#if __has_include(<version>)
#include <version>
#endif

// Only the macro shows whether std::expected is available. The presence of the header does not:
// Clang before 19 finds libstdc++'s <expected>, but the header defines nothing there.
#if defined(__cpp_lib_expected) && __cpp_lib_expected >= 202202L
#define PIDFD_UTIL_HAS_STD_EXPECTED 1
#endif

// clang-format off
#if defined(PIDFD_UTIL_USE_STD_EXPECTED) && !defined(PIDFD_UTIL_HAS_STD_EXPECTED)
#error                                                                                             \
    "pidfd-util was configured with expected=std, which needs C++23 and a library that has std::expected: compile with -std=c++23, or configure pidfd-util with expected=auto or expected=tl"
#elif !defined(PIDFD_UTIL_USE_TL_EXPECTED) && defined(PIDFD_UTIL_HAS_STD_EXPECTED)
#include <expected>
#define PIDFD_UTIL_EXPECTED_NAMESPACE std
#define PIDFD_UTIL_INLINE_NAMESPACE with_std_expected
#elif __has_include(<tl/expected.hpp>)
#include <tl/expected.hpp>
#define PIDFD_UTIL_EXPECTED_NAMESPACE tl
#define PIDFD_UTIL_INLINE_NAMESPACE with_tl_expected
#else
#error                                                                                             \
    "pidfd-util needs an expected type: compile as C++23 with a library that has std::expected, or install tl-expected (Debian: libexpected-dev) so that <tl/expected.hpp> is found"
#endif
// clang-format on

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// The result of an operation: the value, or an error code in `pidfd_category()`.
template <class T, class E = std::error_code>
using expected = PIDFD_UTIL_EXPECTED_NAMESPACE::expected<T, E>;

/// The error of an `expected`, for functions that return one.
using unexpected = PIDFD_UTIL_EXPECTED_NAMESPACE::unexpected<std::error_code>;

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
