// SPDX-License-Identifier: MIT
// get_process_id and get_boot_id.
#include "../paths/boot.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int get_boot_id(boot_id& boot) noexcept {
    return boot::read_id(boot);
}

int get_process_id(int fd, process_id& id) noexcept {
    process_id found{};
    if (const int error = abi::get_id(fd, found.inode, nullptr); error != 0)
        return error;
    const int error = boot::read_id(found.boot);
    if (error == 0)
        id = found;
    return error;
}

} // namespace pidfd_util::abi
