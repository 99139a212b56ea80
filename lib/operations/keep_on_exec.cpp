// SPDX-License-Identifier: MIT
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int keep_on_exec(int fd) noexcept {
    const int error = identify::check(fd);
    return error != 0 ? error : sys::keep_on_exec(fd);
}

} // namespace pidfd_util::abi
