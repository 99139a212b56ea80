// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../paths/info_ioctl.hpp"
#include "wait.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <sys/wait.h>

namespace pidfd_util::abi {

int get_exit_status(int fd, bool& ended, int& status) noexcept {
    // waitid returns a zombie's status to its parent. With WNOWAIT, it does not reap the zombie.
    const int error = wait_for_end(fd, WNOWAIT, at_once, ended, status);
    if (error != ECHILD && is_answer(error))
        return error;
    const int kept = info_ioctl::get_exit(fd, ended, status);
    return kept == EOPNOTSUPP && error == ERFKILL ? error : kept;
}

} // namespace pidfd_util::abi
