// SPDX-License-Identifier: MIT
// The answer of a wait whose limit has passed.
#ifndef PIDFD_UTIL_TEST_TIMED_OUT_HPP
#define PIDFD_UTIL_TEST_TIMED_OUT_HPP

#include <pidfd_util/expected.hpp>

#include <cerrno>

namespace support {

template <class T>
bool timed_out(const pidfd_util::expected<T>& result) {
    // Not compared with a condition: in a full table of file descriptors, UBSan cannot check the
    // category.
    return !result && result.error().value() == ETIMEDOUT;
}

} // namespace support

#endif
