// SPDX-License-Identifier: MIT
#include <pidfd_util/version.hpp>

namespace pidfd_util::abi {

int version() noexcept {
    return PIDFD_UTIL_VERSION;
}

} // namespace pidfd_util::abi
