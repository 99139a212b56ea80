// SPDX-License-Identifier: MIT
// wait_exit and is_alive.
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int wait_exit(int fd, std::int64_t deadline, bool& ended) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    return identify::has_ended(fd, deadline, ended);
}

int is_alive(int fd, bool& alive) noexcept {
    bool ended = false;
    const int error = wait_exit(fd, at_once, ended);
    if (error == 0)
        alive = !ended;
    return error;
}

} // namespace pidfd_util::abi
