// SPDX-License-Identifier: MIT
// The answer of a wait whose limit has passed.
#ifndef PIDFD_UTIL_TEST_TIMED_OUT_HPP
#define PIDFD_UTIL_TEST_TIMED_OUT_HPP

#include <pidfd_util/expected.hpp>

#include <system_error>

namespace support {

template <class T>
bool timed_out(const pidfd_util::expected<T>& result) {
    return !result && result.error() == std::errc::timed_out;
}

} // namespace support

#endif
