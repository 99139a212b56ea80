// SPDX-License-Identifier: MIT
// The errno in a result, for checks that compare numbers and carry them out of isolated children.
#ifndef PIDFD_UTIL_TEST_ERROR_OF_HPP
#define PIDFD_UTIL_TEST_ERROR_OF_HPP

#include <pidfd_util/expected.hpp>

namespace support {

/// 0 where there is a value.
template <class T>
int error_of(const pidfd_util::expected<T>& result) {
    return result ? 0 : result.error().value();
}

} // namespace support

#endif
