// SPDX-License-Identifier: MIT
#include "../choose/probe.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int availability_of(feature f, availability& result) noexcept {
    return probe::try_out(f, result);
}

} // namespace pidfd_util::abi
