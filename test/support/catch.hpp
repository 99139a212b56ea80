// SPDX-License-Identifier: MIT
// Catch2, version 2 or 3, and a macro that skips a test case, which version 2 lacks.
#ifndef PIDFD_UTIL_TEST_CATCH_HPP
#define PIDFD_UTIL_TEST_CATCH_HPP

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <string>

namespace support {

/// Notes that the running test case is skipped; use SKIP_TEST.
void skip(const std::string& reason);
/// The same, but ends the test case by an exception, for places that cannot return from it.
[[noreturn]] void skip_at_once(const std::string& reason);

} // namespace support

/// Ends the test case: this machine lacks what it needs. It is counted as skipped, with the reason.
#define SKIP_TEST(reason)                                                                          \
    do {                                                                                           \
        ::support::skip(reason);                                                                   \
        return;                                                                                    \
    } while (false)

#endif
